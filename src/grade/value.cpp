#include "grade/value.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/hash.h"
#include "base/split_mix.h"

namespace koan::grade {
namespace {

using Number = std::complex<double>;

constexpr std::int64_t kLargestRoot = 100'000'000;  // square_root() tries divisors up to the root of it
constexpr std::int64_t kLargestFactorial = 5000;
constexpr double kClose = 1e-9, kTiny = 1e-12;

std::optional<Rational> made(__int128 above, __int128 below) {
  if (below == 0) return std::nullopt;
  if (below < 0) {
    above = -above;
    below = -below;
  }
  // Both fit into 127 bits: products of 63-bit numbers, and a sum of two such.
  __int128 a = above < 0 ? -above : above, b = below;
  while (b != 0) {
    const __int128 rest = a % b;
    a = b;
    b = rest;
  }
  if (a != 0) {
    above /= a;
    below /= a;
  }
  constexpr __int128 kMost = INT64_MAX / 4;
  if (above > kMost || above < -kMost || below > kMost) return std::nullopt;
  return Rational{static_cast<std::int64_t>(above), static_cast<std::int64_t>(below)};
}

template <typename Combine>
std::optional<Rational> combined(const std::optional<Rational>& a, const std::optional<Rational>& b, Combine combine) {
  if (!a || !b) return std::nullopt;
  return combine(*a, *b);
}

bool is_finite(const Number& x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }

bool close(const Number& a, const Number& b) {
  return std::abs(a - b) <= std::max(kTiny, kClose * std::max(std::abs(a), std::abs(b)));
}

std::optional<std::int64_t> whole(const std::optional<Rational>& value) {
  return value && value->denominator == 1 ? std::optional(value->numerator) : std::nullopt;
}

std::int64_t rounded_root(std::int64_t n) {
  return static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
}

}  // namespace

Value Value::constant(const Rational& value) {
  Value out;
  out.constant_ = value;
  out.is_exact_ = true;
  const auto below = Element::of(value.denominator).inverse().value_or(Element());
  out.exact_.fill(Element::of(value.numerator) * below);
  out.numeric_.fill(static_cast<double>(value.numerator) / static_cast<double>(value.denominator));
  return out;
}

Value Value::symbol(std::string_view name) {
  Value out;
  out.is_exact_ = true;
  std::uint64_t state = xxh3_64(as_bytes(name), 1);
  for (Element& value : out.exact_) {
    const std::uint64_t real = split_mix(state);
    value = Element(real, split_mix(state));
  }
  // From -3 to 3, both signs, away from 0.
  for (std::size_t i = 0; i < kNumeric; ++i) {
    const double size = 0.25 + 2.75 * static_cast<double>(split_mix(state) >> 11) / 9007199254740992.0;
    out.numeric_[i] = i % 2 == 0 ? size : -size;
  }
  return out;
}

Value Value::imaginary_unit() {
  Value out;
  out.is_exact_ = true;
  out.exact_.fill(Element(0, 1));
  out.numeric_.fill(Number(0, 1));
  return out;
}

// Transcendental: no equation with rational numbers holds for it, as for a symbol.
Value Value::pi() {
  Value out = symbol("\\pi");
  out.numeric_.fill(std::numbers::pi);
  return out;
}

Value Value::euler() {
  Value out = symbol("e");
  out.numeric_.fill(std::numbers::e);
  return out;
}

std::optional<Value> Value::decimal(std::string_view digits) {
  constexpr std::size_t kMost = 4096;
  if (digits.empty() || digits.size() > kMost) return std::nullopt;
  const Element ten = Element::of(10);
  Element above, below = Element::of(1);
  bool point = false, any = false;
  for (const char c : digits) {
    if (c == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    above = above * ten + Element::of(c - '0');
    if (point) below = below * ten;
  }
  const auto factor = below.inverse();
  if (!any || !factor) return std::nullopt;
  Value out;
  out.constant_ = rational(digits);
  out.is_exact_ = true;
  out.exact_.fill(above * *factor);
  out.numeric_.fill(std::strtod(std::string(digits).c_str(), nullptr));
  return out;
}

Value Value::operator+(const Value& other) const {
  Value out;
  out.constant_ = combined(constant_, other.constant_, [](const Rational& a, const Rational& b) {
    return made(static_cast<__int128>(a.numerator) * b.denominator + static_cast<__int128>(b.numerator) * a.denominator,
                static_cast<__int128>(a.denominator) * b.denominator);
  });
  out.is_exact_ = is_exact_ && other.is_exact_;
  for (std::size_t i = 0; i < kExact; ++i) out.exact_[i] = exact_[i] + other.exact_[i];
  for (std::size_t i = 0; i < kNumeric; ++i) out.numeric_[i] = numeric_[i] + other.numeric_[i];
  return out;
}

Value Value::operator-(const Value& other) const { return *this + number(-1) * other; }

Value Value::operator*(const Value& other) const {
  Value out;
  out.constant_ = combined(constant_, other.constant_, [](const Rational& a, const Rational& b) {
    return made(static_cast<__int128>(a.numerator) * b.numerator, static_cast<__int128>(a.denominator) * b.denominator);
  });
  out.is_exact_ = is_exact_ && other.is_exact_;
  for (std::size_t i = 0; i < kExact; ++i) out.exact_[i] = exact_[i] * other.exact_[i];
  for (std::size_t i = 0; i < kNumeric; ++i) out.numeric_[i] = numeric_[i] * other.numeric_[i];
  return out;
}

std::optional<Value> Value::over(const Value& other) const {
  if (other.constant_ && other.constant_->numerator == 0) return std::nullopt;
  Value inverse;
  if (other.constant_) inverse.constant_ = made(other.constant_->denominator, other.constant_->numerator);
  inverse.is_exact_ = other.is_exact_;
  for (std::size_t i = 0; i < kExact && inverse.is_exact_; ++i) {
    const auto element = other.exact_[i].inverse();
    if (!element) return std::nullopt;
    inverse.exact_[i] = *element;
  }
  for (std::size_t i = 0; i < kNumeric; ++i) inverse.numeric_[i] = 1.0 / other.numeric_[i];
  return *this * inverse;
}

std::optional<Value> Value::power(const Value& exponent) const {
  const auto n = whole(exponent.constant_);
  const auto half = exponent.constant_ && exponent.constant_->denominator == 2;
  if (half) {
    const auto base = root(2);
    return base ? base->power(number(exponent.constant_->numerator)) : std::nullopt;
  }
  Value out;
  for (std::size_t i = 0; i < kNumeric; ++i)
    out.numeric_[i] = n ? std::pow(numeric_[i], static_cast<double>(*n)) : std::pow(numeric_[i], exponent.numeric_[i]);
  if (!n || !is_exact_) return out;
  const auto size = static_cast<std::uint64_t>(*n < 0 ? -*n : *n);
  out.is_exact_ = true;
  for (std::size_t i = 0; i < kExact; ++i) out.exact_[i] = exact_[i].power(size);
  if (constant_ && size <= 64) {
    std::optional<Rational> product = Rational{1, 1};
    for (std::uint64_t i = 0; i < size && product; ++i)
      product = made(static_cast<__int128>(product->numerator) * constant_->numerator,
                     static_cast<__int128>(product->denominator) * constant_->denominator);
    out.constant_ = product;
  }
  if (*n >= 0) return out;
  const std::array<Number, kNumeric> numeric = out.numeric_;
  auto inverse = number(1).over(out);
  if (inverse) inverse->numeric_ = numeric;
  return inverse;
}

std::optional<Value> Value::root(unsigned degree) const {
  if (degree == 0 || degree > 64) return std::nullopt;
  if (degree == 1) return *this;
  Value out;
  for (std::size_t i = 0; i < kNumeric; ++i) {
    const Number x = numeric_[i];
    const bool real_root = x.imag() == 0 && x.real() < 0 && degree % 2 == 1;
    out.numeric_[i] =
        degree == 2 ? std::sqrt(x) : std::pow(real_root ? -x : x, 1.0 / degree) * (real_root ? -1.0 : 1.0);
  }
  if (degree != 2 || !constant_) return out;
  // The root of a/b is the root of ab over b.
  const auto product = made(static_cast<__int128>(constant_->numerator) * constant_->denominator, 1);
  if (!product || product->numerator > kLargestRoot || product->numerator < -kLargestRoot) return out;
  const auto below = Element::of(constant_->denominator).inverse();
  out.is_exact_ = below.has_value();
  if (below) out.exact_.fill(square_root(product->numerator) * *below);
  if (product->numerator >= 0) {
    const std::int64_t root = rounded_root(product->numerator);
    if (root * root == product->numerator) out.constant_ = made(root, constant_->denominator);
  }
  return out;
}

std::optional<Value> Value::factorial() const {
  const auto n = whole(constant_);
  if (!n || *n < 0 || *n > kLargestFactorial) return std::nullopt;
  Value out = number(1);
  for (std::int64_t i = 2; i <= *n; ++i) out = out * number(i);
  return out;
}

std::optional<Value> Value::choose(const Value& k) const {
  const auto all = whole(constant_), some = whole(k.constant_);
  if (!all || !some || *all < 0 || *some < 0 || *all > kLargestFactorial) return std::nullopt;
  if (*some > *all) return number(0);
  std::optional<Value> out = number(1);
  for (std::int64_t i = 1; i <= std::min(*some, *all - *some) && out; ++i)
    out = (*out * number(*all + 1 - i)).over(number(i));
  return out;
}

std::optional<Value> Value::function(std::string_view name) const {
  Value out;
  bool known = true;
  for (std::size_t i = 0; i < kNumeric; ++i) {
    const Number x = numeric_[i];
    Number& y = out.numeric_[i];
    if (name == "sin")
      y = std::sin(x);
    else if (name == "cos")
      y = std::cos(x);
    else if (name == "tan")
      y = std::tan(x);
    else if (name == "cot")
      y = 1.0 / std::tan(x);
    else if (name == "sec")
      y = 1.0 / std::cos(x);
    else if (name == "csc")
      y = 1.0 / std::sin(x);
    else if (name == "arcsin")
      y = std::asin(x);
    else if (name == "arccos")
      y = std::acos(x);
    else if (name == "arctan")
      y = std::atan(x);
    else if (name == "sinh")
      y = std::sinh(x);
    else if (name == "cosh")
      y = std::cosh(x);
    else if (name == "tanh")
      y = std::tanh(x);
    else if (name == "ln")
      y = std::log(x);
    else if (name == "exp")
      y = std::exp(x);
    else if (name == "abs")
      y = std::abs(x);
    else if (name == "floor")
      y = std::floor(x.real() + kTiny);
    else if (name == "ceil")
      y = std::ceil(x.real() - kTiny);
    else
      known = false;
  }
  return known ? std::optional(out) : std::nullopt;
}

bool Value::same(const Value& other) const {
  if (is_exact_ && other.is_exact_) return same_exactly(other);
  int finite = 0;
  for (std::size_t i = 0; i < kNumeric; ++i) {
    if (is_finite(numeric_[i]) != is_finite(other.numeric_[i])) return false;
    if (!is_finite(numeric_[i])) continue;
    ++finite;
    if (!close(numeric_[i], other.numeric_[i])) return false;
  }
  return finite >= 2;
}

bool Value::proportional(const Value& other) const {
  const auto ratio = over(other);
  if (!ratio) return false;
  if (ratio->is_exact_)
    return !ratio->exact_[0].is_zero() && ratio->exact_[1] == ratio->exact_[0] && ratio->exact_[2] == ratio->exact_[0];
  int finite = 0;
  for (const Number& value : ratio->numeric_) {
    if (!is_finite(value)) continue;
    ++finite;
    if (std::abs(value) < kTiny || !close(value, ratio->numeric_[0])) return false;
  }
  return finite >= 2;
}

}  // namespace koan::grade
