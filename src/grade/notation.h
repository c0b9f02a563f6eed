// How mathematics is written: braces, numbers, the many spellings of one answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace koan::grade {

// The '}' that closes the '{' at `open`; braces after a backslash do not count. Nothing: it never closes.
std::optional<std::size_t> closing_brace(std::string_view text, std::size_t open);

// The last number of a text, with sign, decimals and separators of thousands; empty if there is none.
std::string_view last_number(std::string_view text);

// One spelling for many: no spaces, $, \( \), \left, \right, \!, no \text{} or \mathrm{} around words, \frac for \dfrac
// and \tfrac, braces around the arguments of \frac, no separators of thousands, no full stop at the end, letters small.
std::string plain_notation(std::string_view answer);

// A fraction in lowest terms, the denominator above 0.
struct Rational {
  std::int64_t numerator = 0, denominator = 1;
  bool operator==(const Rational&) const = default;
};
// Of an integer, a decimal number, a/b or \frac{a}{b} in plain notation, with sign, with % (of 100); nothing if it is
// something else or has more than 15 digits.
std::optional<Rational> rational(std::string_view plain);

}  // namespace koan::grade
