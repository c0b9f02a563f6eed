// What an expression comes to: at a few points of a finite field, exactly, where it is made of numbers, roots of
// numbers, i and symbols by + - * / and whole powers; and in complex floating point at a few points, for everything
// else.
#pragma once

#include <array>
#include <complex>
#include <optional>
#include <string_view>

#include "grade/field.h"
#include "grade/notation.h"

namespace koan::grade {

class Value {
 public:
  static Value number(std::int64_t n) { return constant({n, 1}); }
  static Value constant(const Rational& value);
  static Value symbol(std::string_view name);  // the same name has the same values everywhere
  static Value imaginary_unit();
  static Value pi();
  static Value euler();
  // Digits with at most one point, of any length up to 4096.
  static std::optional<Value> decimal(std::string_view digits);

  const std::optional<Rational>& constant() const { return constant_; }

  Value operator+(const Value& other) const;
  Value operator-(const Value& other) const;
  Value operator*(const Value& other) const;
  Value negated() const { return number(0) - *this; }
  std::optional<Value> over(const Value& other) const;  // nothing: by zero
  std::optional<Value> power(const Value& exponent) const;
  std::optional<Value> root(unsigned degree) const;
  std::optional<Value> factorial() const;                      // of a whole number up to 5000
  std::optional<Value> choose(const Value& k) const;           // likewise
  std::optional<Value> function(std::string_view name) const;  // sin, ln, abs ...; nothing: no such function

  bool same(const Value& other) const;
  // Whether this is a constant multiple of other, neither being zero: equations that say the same.
  bool proportional(const Value& other) const;

 private:
  static constexpr std::size_t kExact = 3, kNumeric = 4;
  using Number = std::complex<double>;

  bool same_exactly(const Value& other) const { return exact_ == other.exact_; }

  std::optional<Rational> constant_;  // if it is one and fits
  bool is_exact_ = false;
  std::array<Element, kExact> exact_{};
  std::array<Number, kNumeric> numeric_{};
};

}  // namespace koan::grade
