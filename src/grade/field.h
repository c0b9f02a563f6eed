// Arithmetic in the field of p*p elements, p = 2^61 - 1: a + b i with i*i = -1, which is a field as p leaves 3 when
// divided by 4. Every integer has a square root in it. Two expressions made of numbers, roots of numbers, i and symbols
// are equal if and - but for one case in about 2^60 - only if they are equal here at points drawn at random (Schwartz
// 1980, Zippel 1979); nothing can overflow and nothing is rounded.
#pragma once

#include <cstdint>
#include <optional>

namespace koan::grade {

class Element {
 public:
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

  Element() = default;
  Element(std::uint64_t real, std::uint64_t imaginary) : real_(real % kPrime), imaginary_(imaginary % kPrime) {}
  static Element of(std::int64_t value);

  bool is_zero() const { return real_ == 0 && imaginary_ == 0; }
  bool operator==(const Element&) const = default;

  Element operator+(const Element& other) const;
  Element operator-(const Element& other) const;
  Element operator*(const Element& other) const;
  std::optional<Element> inverse() const;  // of zero: nothing
  Element power(std::uint64_t exponent) const;

 private:
  std::uint64_t real_ = 0, imaginary_ = 0;  // below kPrime
};

// One of the two square roots of n, chosen so that the root of a product is the product of the roots. Takes time
// proportional to the root of n. Of negative numbers i times the root of -n.
Element square_root(std::int64_t n);

}  // namespace koan::grade
