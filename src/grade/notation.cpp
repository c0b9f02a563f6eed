#include "grade/notation.h"

#include <cctype>
#include <numeric>

#include "text/replace.h"

namespace koan::grade {
namespace {

constexpr std::size_t kMostDigits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// \text{cm} -> cm
void unwrap(std::string& text, std::string_view command) {
  for (std::size_t at = text.find(command); at != std::string::npos; at = text.find(command, at)) {
    const auto close = closing_brace(text, at + command.size() - 1);
    if (!close) return;
    text.erase(*close, 1);
    text.erase(at, command.size());
  }
}

// \frac12, \frac1{2} and \frac{1}2 -> \frac{1}{2}
void brace_fractions(std::string& text) {
  constexpr std::string_view kFrac = "\\frac";
  for (std::size_t at = text.find(kFrac); at != std::string::npos; at = text.find(kFrac, at + 1)) {
    std::size_t i = at + kFrac.size();
    for (int argument = 0; argument < 2 && i < text.size(); ++argument) {
      if (text[i] == '{') {
        const auto close = closing_brace(text, i);
        if (!close) return;
        i = *close + 1;
      } else if (std::isalnum(static_cast<unsigned char>(text[i])) != 0) {
        text.replace(i, 1, std::string("{") + text[i] + "}");
        i += 3;
      } else {
        break;
      }
    }
  }
}

// 1,234,567 -> 1234567; the comma of (1,234) is one between coordinates only if no group of three digits follows, so
// brackets leave all commas alone.
void join_thousands(std::string& text) {
  if (text.find_first_of("([{") != std::string::npos) return;
  for (std::size_t i = 1; i + 3 < text.size(); ++i) {
    const bool group = text[i] == ',' && is_digit(text[i - 1]) && is_digit(text[i + 1]) && is_digit(text[i + 2]) &&
                       is_digit(text[i + 3]) && (i + 4 == text.size() || !is_digit(text[i + 4]));
    if (group) text.erase(i, 1);
  }
}

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

std::string plain_notation(std::string_view answer) {
  std::string out(answer);
  for (const std::string_view command : {"\\boxed{", "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{"})
    unwrap(out, command);
  out = replaced(out, "\\dfrac", "\\frac");
  out = replaced(out, "\\tfrac", "\\frac");
  out = replaced(out, "\\%", "%");
  for (const std::string_view nothing : {"\\left", "\\right", "\\!", "\\,", "\\;", "\\ ", "\\(", "\\)", "\\[", "\\]",
                                         "\\$", "$", "*", " ", "\t", "\n", "\r"})
    out = replaced(out, nothing, "");
  while (out.ends_with('.')) out.pop_back();
  brace_fractions(out);
  join_thousands(out);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::optional<Rational> rational(std::string_view plain) {
  bool negative = false;
  while (plain.starts_with('-') || plain.starts_with('+')) {
    negative ^= plain.front() == '-';
    plain.remove_prefix(1);
  }
  const bool percent = plain.ends_with('%');
  if (percent) plain.remove_suffix(1);
  std::optional<Rational> value;
  constexpr std::string_view kFrac = "\\frac{";
  if (plain.starts_with(kFrac)) {
    const std::size_t middle = plain.find("}{");
    if (middle == std::string_view::npos || !plain.ends_with('}')) return std::nullopt;
    const auto a = integer(plain.substr(kFrac.size(), middle - kFrac.size()));
    const auto b = integer(plain.substr(middle + 2, plain.size() - middle - 3));
    value = a && b ? ratio(*a, *b) : std::nullopt;
  } else if (const std::size_t slash = plain.find('/'); slash != std::string_view::npos) {
    const auto a = integer(plain.substr(0, slash)), b = integer(plain.substr(slash + 1));
    value = a && b ? ratio(*a, *b) : std::nullopt;
  } else {
    value = decimal(plain);
  }
  if (!value) return std::nullopt;
  if (percent) {
    if (value->denominator > INT64_MAX / 100) return std::nullopt;
    value = ratio(value->numerator, value->denominator * 100);
  }
  if (negative) value->numerator = -value->numerator;
  return value;
}

}  // namespace koan::grade
