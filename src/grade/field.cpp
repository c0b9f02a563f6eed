#include "grade/field.h"

namespace koan::grade {
namespace {

constexpr std::uint64_t kPrime = Element::kPrime;

std::uint64_t add(std::uint64_t a, std::uint64_t b) { return (a + b) % kPrime; }  // below 2^62
std::uint64_t subtract(std::uint64_t a, std::uint64_t b) { return add(a, kPrime - b); }
std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(a) * b % kPrime);
}

std::uint64_t power_of(std::uint64_t base, std::uint64_t exponent) {
  std::uint64_t out = 1;
  for (; exponent != 0; exponent >>= 1, base = multiply(base, base))
    if (exponent & 1) out = multiply(out, base);
  return out;
}

// Of a prime, which is a square or the negative of one.
Element prime_root(std::uint64_t prime) {
  const std::uint64_t root = power_of(prime, (kPrime + 1) / 4);
  return multiply(root, root) == prime ? Element(root, 0) : Element(0, root);
}

}  // namespace

Element Element::of(std::int64_t value) {
  const std::uint64_t size = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  return {value < 0 ? kPrime - size % kPrime : size, 0};
}

Element Element::operator+(const Element& other) const {
  return {add(real_, other.real_), add(imaginary_, other.imaginary_)};
}

Element Element::operator-(const Element& other) const {
  return {subtract(real_, other.real_), subtract(imaginary_, other.imaginary_)};
}

Element Element::operator*(const Element& other) const {
  return {subtract(multiply(real_, other.real_), multiply(imaginary_, other.imaginary_)),
          add(multiply(real_, other.imaginary_), multiply(imaginary_, other.real_))};
}

std::optional<Element> Element::inverse() const {
  if (is_zero()) return std::nullopt;
  const std::uint64_t norm = add(multiply(real_, real_), multiply(imaginary_, imaginary_));
  const std::uint64_t factor = power_of(norm, kPrime - 2);
  return Element(multiply(real_, factor), multiply(kPrime - imaginary_, factor));
}

Element Element::power(std::uint64_t exponent) const {
  Element out(1, 0), base = *this;
  for (; exponent != 0; exponent >>= 1, base = base * base)
    if (exponent & 1) out = out * base;
  return out;
}

Element square_root(std::int64_t n) {
  Element out(1, 0);
  if (n == 0) return {};
  if (n < 0) out = Element(0, 1);
  std::uint64_t left = n < 0 ? ~static_cast<std::uint64_t>(n) + 1 : static_cast<std::uint64_t>(n);
  for (std::uint64_t prime = 2; prime * prime <= left; ++prime)
    for (; left % prime == 0; left /= prime) out = out * prime_root(prime);
  return left > 1 ? out * prime_root(left) : out;
}

}  // namespace koan::grade
