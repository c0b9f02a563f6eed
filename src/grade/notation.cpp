#include "grade/notation.h"

#include <cctype>
#include <numeric>

namespace koan::grade {
namespace {

constexpr std::size_t kMostDigits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > kMostDigits) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

std::optional<Rational> ratio(std::int64_t numerator, std::int64_t denominator) {
  if (denominator == 0) return std::nullopt;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  const std::int64_t common = std::gcd(numerator, denominator);
  return Rational{numerator / common, denominator / common};
}

std::optional<Rational> decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    const auto whole = integer(text);
    return whole ? ratio(*whole, 1) : std::nullopt;
  }
  const std::string digits = std::string(text.substr(0, point)) + std::string(text.substr(point + 1));
  const auto value = integer(digits);
  if (!value) return std::nullopt;
  std::int64_t power = 1;
  for (std::size_t i = point + 1; i < text.size(); ++i) power *= 10;
  return ratio(*value, power);
}

}  // namespace

std::optional<std::size_t> closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::nullopt;
}

std::string_view last_number(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0 && !is_digit(text[end - 1])) --end;
  if (end == 0) return {};
  std::size_t begin = end - 1;
  while (begin > 0) {
    const bool separator = (text[begin - 1] == '.' || text[begin - 1] == ',') && begin > 1 && is_digit(text[begin - 2]);
    if (!is_digit(text[begin - 1]) && !separator) break;
    --begin;
  }
  const bool minus = begin > 0 && text[begin - 1] == '-' &&
                     (begin == 1 || std::isalnum(static_cast<unsigned char>(text[begin - 2])) == 0);
  if (minus) --begin;
  return text.substr(begin, end - begin);
}

std::optional<Rational> rational(std::string_view plain) {
  bool negative = false;
  while (plain.starts_with('-') || plain.starts_with('+')) {
    negative ^= plain.front() == '-';
    plain.remove_prefix(1);
  }
  std::optional<Rational> value;
  if (const std::size_t slash = plain.find('/'); slash != std::string_view::npos) {
    const auto a = integer(plain.substr(0, slash)), b = integer(plain.substr(slash + 1));
    value = a && b ? ratio(*a, *b) : std::nullopt;
  } else {
    value = decimal(plain);
  }
  if (value && negative) value->numerator = -value->numerator;
  return value;
}

}  // namespace koan::grade
