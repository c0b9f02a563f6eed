// Answers in the notation of mathematics (docs/evaluation.md, "Graders").
#pragma once

#include <string>
#include <string_view>

namespace koan::grade {

// Whether two expressions are one answer: equal up to notation and simple algebra.
bool same_math(std::string_view a, std::string_view b);

// The answer that a reply states: the last statement of the surest kind; in a sentence the one $formula$ that it has.
// In a reply that was asked for nothing but an answer, all of a short line, or its last number. Empty if there is none.
std::string math_of_reply(std::string_view reply);

}  // namespace koan::grade
