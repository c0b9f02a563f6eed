// Answers that are one number (docs/evaluation.md, "Graders").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "grade/notation.h"

namespace koan::grade {

struct Number {
  double value = 0;
  std::optional<Rational> exact;  // nothing: more digits than fit
  unsigned decimals = 0;          // digits written after the point
  bool percent = false;           // value and exact are what stands before the sign
};

struct FoundNumber {
  Number number;
  std::size_t begin = 0, end = 0;  // where it stands
};

// The number at the beginning of a text: 12, -1,234.5, .5, 3/4, 1 1/2, \frac{3}{4}, 2\frac12, 1.5e-6, 3 \times 10^4,
// 50%, 2 million; $ and sign before it. `end` is behind it.
std::optional<FoundNumber> number_at(std::string_view text, std::size_t at);
// The number that a statement of an answer gives: the only one, the first one if it begins with it ("18 dollars per 2
// days"), or what comes after the last "=". Nothing: none, or it does not say which.
std::optional<FoundNumber> stated_number(std::string_view statement);

// Whether all of a text is a number and perhaps a unit: "9 (apples)", "12 inches of snow"; but not "3:30 p.m." or "Rug
// B".
bool is_number_with_unit(std::string_view text);

// The text of the number that a reply gives as its answer; empty if there is none.
std::string number_of_reply(std::string_view reply);
// Equal in value; 50% is 50 and 1/2. Where one was written with three decimals or more (a fraction that never ends, cut
// off), the other may be its value rounded to two decimals or more.
bool same_number(std::string_view a, std::string_view b);

}  // namespace koan::grade
