// What models write, read by rules (docs/ask_protocol.md, "Rules"). Pure functions: both sides read alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace koan::ask {

// The reply without what a model thought aloud: all up to the last </think>.
std::string_view without_thoughts(std::string_view reply) noexcept;

// The questions of a reply, as they stand, whether yes/no or not.
std::vector<std::string> parse_questions(std::string_view reply);
bool is_yes_no_question(std::string_view question);
// Equal for questions that differ only in case, punctuation and space.
std::string question_key(std::string_view question);

// Answers to questions 1..count; nothing where there is none, or two that disagree.
std::vector<std::optional<bool>> parse_answers(std::string_view reply, std::size_t count);

std::optional<bool> parse_verdict(std::string_view reply);    // CORRECT or INCORRECT
std::optional<unsigned> parse_score(std::string_view reply);  // 1..10
// 0..count-1 for the numbers 1..count, count for NONE.
std::optional<std::size_t> parse_selection(std::string_view reply, std::size_t count);

// What an attempt says at last: of the last \boxed{}, else of the last line that begins with "Answer:", else the last
// line. Without spaces, dollars, asterisks and dots at its ends.
std::string final_answer(std::string_view attempt);

}  // namespace koan::ask
