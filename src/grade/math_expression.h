// An expression in tokens, evaluated while it is read (docs/evaluation.md, "Graders").
#pragma once

#include <optional>
#include <span>

#include "grade/math_tokens.h"
#include "grade/value.h"

namespace koan::grade {

// Nothing: the tokens are no expression, it divides by zero, or it is nested more than 50 deep. Reads each token once.
std::optional<Value> evaluate(std::span<const MathToken> tokens);

}  // namespace koan::grade
