// Answers in the notation of mathematics (docs/evaluation.md, "Graders").
#pragma once

#include <string_view>

namespace koan::grade {

// Whether two expressions are one answer: equal up to notation and simple algebra.
bool same_math(std::string_view a, std::string_view b);

}  // namespace koan::grade
