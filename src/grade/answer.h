// The final answer of a worked solution: where it is stated (docs/rewrite.md "Answers").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace koan::grade {

// How a text announces its answer, the surest first.
enum class Announcement { kBoxed, kHashes, kPhrase, kBold };

struct AnswerSpan {
  std::size_t begin = 0, end = 0;  // of the answer itself, without \boxed{} and the like
  Announcement announcement = Announcement::kBoxed;
};

// Statements of an answer, in order of appearance; spans do not overlap and are not empty.
std::vector<AnswerSpan> stated_answers(std::string_view text);

// The last statement of the surest kind that occurs.
std::optional<std::string> final_answer(std::string_view text);
// The same; or else, in a reply that was asked for nothing but an answer, its last number, or all of a short line.
std::string answer_of_reply(std::string_view reply);

}  // namespace koan::grade
