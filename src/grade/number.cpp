#include "grade/number.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "grade/answer.h"
#include "grade/thoughts.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

constexpr std::size_t kMostDigits = 400;
constexpr int kLargestExponent = 400;
constexpr double kRounded = 1e-3;  // what a rounded value may differ from the exact one, as a share of it

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Reads a number piece by piece.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }
  bool take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  bool take_any(std::initializer_list<std::string_view> all) {
    return std::any_of(all.begin(), all.end(), [&](std::string_view what) { return take(what); });
  }
  void skip_spaces() {
    while (take_any({" ", "\t", "\\,", "\\;", "\\ ", "~"})) continue;
  }
  void go(std::size_t at) { at_ = at; }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string digits() {
    std::string out;
    while (is_digit(next())) out += text_[at_++];
    return out;
  }
  // Digits with separators of thousands: 1,234 and 1{,}234 and 1,\!234.
  std::string grouped() {
    std::string out = digits();
    if (out.empty() || out.size() > 3) return out;
    for (;;) {
      const std::size_t before = at_;
      if (!take_any({"{,}", ",\\!", ","})) return out;
      const std::string group = digits();
      if (group.size() != 3) {
        at_ = before;
        return out;
      }
      out += group;
    }
  }

 private:
  std::string_view text_;
  std::size_t at_;
};

std::optional<Rational> rational_of(const std::string& digits, int power) {
  std::string text = digits;
  for (; power > 0 && text.size() < 20; --power) text += '0';
  if (power < 0) {
    const auto places = static_cast<std::size_t>(-power);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    text.insert(text.size() - places, ".");
  }
  return rational(text);
}

// Digits without their point times a power of ten.
Number decimal_number(const std::string& digits, int power) {
  Number out;
  out.value = std::strtod((digits + "e" + std::to_string(power)).c_str(), nullptr);
  out.exact = rational_of(digits, power);
  return out;
}

// e-6, \times 10^{4}, x 10^4, * 10^4
int exponent(Scanner& in) {
  const std::size_t before = in.at();
  bool power = false;
  if (in.take_any({"e", "E"})) {
    power = true;
  } else {
    in.skip_spaces();
    if (in.take_any({"\\times", "\\cdot", "\xC3\x97", "x", "*"})) {
      in.skip_spaces();
      power = in.take_any({"10^", "10**"});
      if (power && in.take("{")) in.skip_spaces();
    }
  }
  const bool minus = power && in.take("-");
  if (power && !minus) in.take("+");
  const std::string digits = power ? in.digits() : "";
  if (digits.empty() || digits.size() > 3) {
    in.go(before);
    return 0;
  }
  in.take("}");
  const int value = std::min(std::stoi(digits), kLargestExponent);
  return minus ? -value : value;
}

std::optional<Number> fraction(const std::string& above, const std::string& below) {
  if (above.empty() || below.empty()) return std::nullopt;
  const double divisor = std::strtod(below.c_str(), nullptr);
  if (divisor == 0) return std::nullopt;
  Number out;
  out.value = std::strtod(above.c_str(), nullptr) / divisor;
  out.exact = rational(above + "/" + below);
  return out;
}

// \frac{3}{4}, \frac34; "3/4" when not LaTeX.
std::optional<Number> latex_fraction(Scanner& in) {
  const std::size_t before = in.at();
  const auto argument = [&]() -> std::string {
    in.skip_spaces();
    if (!in.take("{")) {
      const std::string one(1, in.next());
      if (!is_digit(one[0])) return "";
      in.go(in.at() + 1);
      return one;
    }
    in.skip_spaces();
    std::string digits = in.grouped();
    in.skip_spaces();
    return in.take("}") ? digits : "";
  };
  std::optional<Number> out;
  if (in.take_any({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"})) {
    const std::string above = argument();
    out = fraction(above, argument());
  }
  if (!out) in.go(before);
  return out;
}

std::optional<Number> plain_fraction(Scanner& in, const std::string& above) {
  const std::size_t before = in.at();
  in.skip_spaces();
  if (in.take("/")) {
    in.skip_spaces();
    if (auto out = fraction(above, in.digits())) return out;
  }
  in.go(before);
  return std::nullopt;
}

Number sum(std::int64_t whole, const Number& part) {
  Number out = part;
  out.value += static_cast<double>(whole);
  if (out.exact) {
    std::int64_t above = 0;
    const bool over = __builtin_mul_overflow(whole, out.exact->denominator, &above) ||
                      __builtin_add_overflow(above, out.exact->numerator, &above);
    if (over) {
      out.exact.reset();
    } else {
      out.exact->numerator = above;
    }
  }
  return out;
}

// What may follow an integer: a fraction that makes it a mixed number, or that it begins.
std::optional<Number> with_fraction(Scanner& in, const std::string& whole) {
  if (whole.size() > 9) return plain_fraction(in, whole);
  const std::size_t before = in.at();
  in.skip_spaces();
  const bool spaced = in.at() != before;
  if (const auto part = latex_fraction(in)) return sum(std::stoll(whole), *part);
  if (spaced) {
    const std::string above = in.digits();
    if (const auto part = above.empty() ? std::nullopt : plain_fraction(in, above))
      return sum(std::stoll(whole), *part);
  }
  in.go(before);
  return plain_fraction(in, whole);
}

std::optional<Number> unsigned_number(Scanner& in) {
  if (auto out = latex_fraction(in)) return out;
  const std::string whole = in.grouped();
  const std::size_t before = in.at();
  std::string digits = whole;
  if (in.take(".")) {
    const std::string places = in.digits();
    if (places.empty()) in.go(before);
    digits += places;
  }
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  const auto decimals = static_cast<unsigned>(digits.size() - whole.size());
  if (decimals == 0)
    if (auto out = with_fraction(in, whole)) return out;
  const int power = exponent(in);
  Number out = decimal_number(digits, power - static_cast<int>(decimals));
  const int left = static_cast<int>(decimals) - power;
  out.decimals = left > 0 ? static_cast<unsigned>(left) : 0;
  return out;
}

void scale(Scanner& in, Number& number) {
  const std::size_t before = in.at();
  in.skip_spaces();
  for (const auto& [word, factor] :
       {std::pair("thousand", std::int64_t{1000}), std::pair("million", std::int64_t{1000000}),
        std::pair("billion", std::int64_t{1000000000})}) {
    if (!in.take(word)) continue;
    if (is_letter(in.next()) && in.next() != 's') break;
    number.value *= static_cast<double>(factor);
    number.decimals = 0;
    if (number.exact && __builtin_mul_overflow(number.exact->numerator, factor, &number.exact->numerator))
      number.exact.reset();
    return;
  }
  in.go(before);
}

bool take_percent(Scanner& in) {
  const std::size_t before = in.at();
  in.skip_spaces();
  if (in.take_any({"\\%", "%", "percent"})) return true;
  in.go(before);
  return false;
}

// a times factor_a is b times factor_b; the factors are 1 or 100. At most 15 digits each, so nothing overflows.
bool equal(const Number& a, int factor_a, const Number& b, int factor_b) {
  if (a.exact && b.exact)
    return static_cast<__int128>(a.exact->numerator) * b.exact->denominator * factor_a ==
           static_cast<__int128>(b.exact->numerator) * a.exact->denominator * factor_b;
  const double x = a.value * factor_a, y = b.value * factor_b;
  return std::abs(x - y) <= 1e-15 * std::max(std::abs(x), std::abs(y));
}

// Whether `short_one` is `long_one` rounded.
bool rounded(const Number& long_one, const Number& short_one) {
  if (long_one.decimals < 3 || short_one.decimals < 2 || short_one.decimals > long_one.decimals) return false;
  const double half = 0.5 * std::pow(10.0, -static_cast<double>(short_one.decimals));
  const double difference = std::abs(long_one.value - short_one.value);
  return difference <= half * (1 + 1e-6) && difference <= kRounded * std::abs(long_one.value);
}

// Whether `cut` is the decimal expansion of the fraction `exact`, cut off after at least three decimals.
bool expansion(const Number& cut, const Number& exact) {
  if (cut.decimals < 3 || exact.decimals != 0) return false;
  const double place = std::pow(10.0, -static_cast<double>(cut.decimals));
  const double difference = std::abs(cut.value - exact.value);
  return difference < place && difference <= kRounded * 1e-3 * std::abs(exact.value);
}

// Whether a number that is followed by this is only a part of something: "5+6", "7:30", "1, 2".
bool in_expression(std::string_view after) {
  if (after.empty() || after.starts_with("**")) return false;
  const char next = after.size() > 1 ? after[1] : '\0';
  if (after.front() == ',') return is_digit(next) || (next == ' ' && after.size() > 2 && is_digit(after[2]));
  if (after.front() == '-') return !is_letter(next);  // "18-wheelers"
  return std::string_view("+*/^:<>").find(after.front()) != std::string_view::npos;
}

}  // namespace

std::optional<FoundNumber> number_at(std::string_view text, std::size_t at) {
  Scanner in(text, at);
  bool minus = false, bracket = false;
  const auto sign = [&] {
    if (!in.take_any({"-", "\xE2\x88\x92", "\xE2\x80\x93"})) return in.take("+");
    return minus = true;
  };
  sign();
  in.skip_spaces();
  if (in.take_any({"\\$", "$", "\xE2\x82\xAC", "\xC2\xA3"})) in.skip_spaces();
  if (!minus) sign();
  if (minus && in.take("(")) bracket = true;
  auto number = unsigned_number(in);
  if (!number) return std::nullopt;
  if (bracket && !in.take(")")) return std::nullopt;
  number->percent = take_percent(in);
  if (!number->percent) scale(in, *number);
  if (minus) {
    number->value = -number->value;
    if (number->exact) number->exact->numerator = -number->exact->numerator;
  }
  return FoundNumber{*number, at, in.at()};
}

std::optional<FoundNumber> stated_number(std::string_view statement) {
  std::size_t from = 0;
  for (const std::string_view mark :
       {std::string_view("="), std::string_view("\\approx"), std::string_view("\xE2\x89\x88")})
    if (const std::size_t at = statement.rfind(mark); at != std::string_view::npos)
      from = std::max(from, at + mark.size());
  constexpr std::string_view kBefore = " \t\r\n*_{([";
  from = std::min(statement.find_first_not_of(kBefore, from), statement.size());
  std::optional<FoundNumber> only;
  for (std::size_t at = from; at < statement.size();) {
    // "x2" and "CO2" hold no number; "\frac" begins one.
    const bool inside = at > 0 && (is_letter(statement[at - 1]) || is_digit(statement[at - 1]));
    const auto found = inside ? std::nullopt : number_at(statement, at);
    if (!found) {
      ++at;
      continue;
    }
    const bool goes_on = in_expression(strip(statement.substr(found->end), " $"));
    if (at == from && goes_on) return std::nullopt;
    if (at == from) return found;
    if (only) return std::nullopt;
    only = found;
    at = found->end;
  }
  return only;
}

bool is_number_with_unit(std::string_view text) {
  text = strip(text);
  const auto found = number_at(text, 0);
  if (!found) return false;
  const std::string_view unit = text.substr(found->end);
  return !in_expression(unit) && !(!unit.empty() && is_letter(unit.front())) &&
         std::none_of(unit.begin(), unit.end(), [](char c) { return is_digit(c) || c == ';'; });
}

std::string number_of_reply(std::string_view reply) {
  reply = without_thoughts(reply);
  if (const auto stated = final_answer(reply)) {
    if (const auto found = stated_number(*stated)) return stated->substr(found->begin, found->end - found->begin);
    if (const std::string_view last = last_number(*stated); !last.empty()) return std::string(last);
  }
  return std::string(last_number(reply));
}

bool same_number(std::string_view a, std::string_view b) {
  const auto x = stated_number(a), y = stated_number(b);
  if (!x || !y) return false;
  const Number &p = x->number, &q = y->number;
  if (equal(p, 1, q, 1)) return true;
  if (p.percent != q.percent && (p.percent ? equal(p, 1, q, 100) : equal(p, 100, q, 1))) return true;
  if (p.percent != q.percent) return false;
  return rounded(p, q) || rounded(q, p) || expansion(p, q) || expansion(q, p);
}

}  // namespace koan::grade
