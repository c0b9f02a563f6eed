// Hiding the final answer of a worked solution from the model that shortens it (docs/rewrite.md "Answers").
#pragma once

#include <string>
#include <string_view>

namespace koan {

inline constexpr std::string_view kHidden = "???";

// `text` with each statement of an answer, and each place where a result is said to be `answer` ("= 42", "is 42"),
// replaced by kHidden. Results that are not the answer stay: a reader needs them.
std::string hide_answer(std::string_view text, std::string_view answer);

}  // namespace koan
