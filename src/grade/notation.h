// How mathematics is written: braces and numbers.
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

// A fraction in lowest terms, the denominator above 0.
struct Rational {
  std::int64_t numerator = 0, denominator = 1;
  bool operator==(const Rational&) const = default;
};
// Of an integer, a decimal number or a/b, with sign; nothing if it is something else or has more than 15 digits.
std::optional<Rational> rational(std::string_view plain);

}  // namespace koan::grade
