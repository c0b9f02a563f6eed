// One value with its unit, in tokens.
#pragma once

#include <optional>
#include <span>

#include "grade/math_answer.h"

namespace koan::grade {

// Nothing: it is no value, or words.
std::optional<MathAnswer> read_scalar(std::span<const MathToken> tokens);

}  // namespace koan::grade
