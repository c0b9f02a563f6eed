// The structure of an answer: a value with its unit, a tuple or interval, things without order, a matrix, an equation,
// words (docs/evaluation.md, "Graders").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grade/math_tokens.h"
#include "grade/value.h"

namespace koan::grade {

struct MathAnswer {
  enum class Kind {
    kScalar,
    kTuple,     // parts between brackets "(" or "[" and ")" or "]": a point, or an interval
    kBag,       // a list or set: the order does not matter
    kUnion,     // of intervals and sets
    kMatrix,    // parts row by row
    kRelation,  // two parts or more, with ops between them
    kRatio,     // a:b
    kBased,     // digits in a base
    kWords,
  };
  Kind kind = Kind::kWords;
  std::optional<Value> value;         // of a scalar
  bool unit_letter = false;           // the last letter may be a unit: "5 m"
  std::optional<Value> without_unit;  // then: what stands before it
  std::string unit;                   // "" if there is none or it says nothing
  bool percent = false;
  std::string text;  // words; digits of kBased, and of a scalar that is a whole number without a unit
  std::string name;  // of a relation: the symbol or f(x) on its left if that is all there is
  char open = '(', close = ')';
  std::size_t columns = 0, base = 0;
  std::vector<std::string> ops;  // "=", "<", "le", "ne" ...
  std::vector<MathAnswer> parts;
};

// What cannot be read otherwise is words. `join` as in math_tokens().
MathAnswer read_math(std::string_view text, bool join);

// Small letters, without space (but between digits), quotes, dollars and full stops.
std::string plain_words(std::string_view text);

}  // namespace koan::grade
