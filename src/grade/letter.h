// Answers that are one lettered choice (docs/evaluation.md, "Graders").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace koan::grade {

// The last explicit choice among the first `choices` letters, as a capital; empty if there is none. Explicit:
// \boxed{B}, "Answer: B", "the answer is (B)", "option B is correct", "I choose B"; without any, a last line "B", "(B)"
// or "B) text", or else the last letter in brackets or bold. The article "a", the pronoun "I" and a letter within a
// sentence are none.
std::string letter_of_reply(std::string_view reply, std::size_t choices);

}  // namespace koan::grade
