// The series behind numerics section 7. Doubles, + - * / only, in the order written here; this order is part of the
// contract.
//
// log64(x): x = m * 2^e with m in [1/sqrt2, sqrt2), s = (m - 1) / (m + 1), ln m = 2 (s + s^3/3 + ... + s^23/23). |s| <
// 0.1716, so the first
//   term left out is below 2e-20.
// exp64(x): n = nearest integer to x / ln2 (towards zero of x/ln2 - 1/2, as x <= 0), r = (x - n * ln2_high) - n *
// ln2_low, Taylor to r^15,
//   |r| <= 0.35, so the first term left out is below 3e-21; then times 2^n.
// sine and cosine: Taylor to x^17 and x^16 on |x| <= pi/4, error below 1e-18.
#include "model/rope.h"

#include <bit>

namespace koan {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // the upper 33 bits of ln 2, so that n * kLn2High is exact
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLog2E = 1.44269504088896338700e+00;
constexpr double kTurnsPerRadian = 1.59154943091895345608e-01;  // 1 / (2 pi)
constexpr double kPi = 3.14159265358979311600e+00;
constexpr double kSqrt2 = 1.41421356237309514547e+00;
constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

double power_of_two(int n) noexcept { return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1023) << 52); }

// p = p * square + 1/n! with the signs of sine (odd) or cosine (even).
double sine_series(double x) noexcept {
  const double square = x * x;
  double p = 1.0 / 355687428096000.0;      // 17!
  p = p * square - 1.0 / 1307674368000.0;  // 15!
  p = p * square + 1.0 / 6227020800.0;     // 13!
  p = p * square - 1.0 / 39916800.0;       // 11!
  p = p * square + 1.0 / 362880.0;         // 9!
  p = p * square - 1.0 / 5040.0;           // 7!
  p = p * square + 1.0 / 120.0;            // 5!
  p = p * square - 1.0 / 6.0;              // 3!
  p = p * square + 1.0;
  return p * x;
}

double cosine_series(double x) noexcept {
  const double square = x * x;
  double p = 1.0 / 20922789888000.0;     // 16!
  p = p * square - 1.0 / 87178291200.0;  // 14!
  p = p * square + 1.0 / 479001600.0;    // 12!
  p = p * square - 1.0 / 3628800.0;      // 10!
  p = p * square + 1.0 / 40320.0;        // 8!
  p = p * square - 1.0 / 720.0;          // 6!
  p = p * square + 1.0 / 24.0;           // 4!
  p = p * square - 1.0 / 2.0;            // 2!
  return p * square + 1.0;
}

}  // namespace

double log64(double x) noexcept {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;  // x >= 1: no sign, normal
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFu) | (std::uint64_t{1023} << 52));
  if (m >= kSqrt2) {
    m = m * 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double square = s * s;
  double p = 1.0 / 23.0;
  for (int n = 21; n >= 1; n -= 2) p = p * square + 1.0 / static_cast<double>(n);
  const double log_m = (s + s) * p;
  return static_cast<double>(exponent) * kLn2High + (log_m + static_cast<double>(exponent) * kLn2Low);
}

double exp64(double x) noexcept {
  const int n = static_cast<int>(x * kLog2E - 0.5);  // towards zero: -1010..0
  const double r = (x - static_cast<double>(n) * kLn2High) - static_cast<double>(n) * kLn2Low;
  double p = 1.0;
  for (int k = 15; k >= 1; --k) p = p * r / static_cast<double>(k) + 1.0;
  return p * power_of_two(n);
}

Rope::Rope(double base, std::uint32_t head_dim, double factor, std::span<const double> divisors) {
  const double log_base = log64(base);
  for (std::uint32_t i = 0; i < head_dim / 2; ++i) {
    const double exponent = -(static_cast<double>(2 * i) / static_cast<double>(head_dim));
    double turns = exp64(exponent * log_base) * kTurnsPerRadian;
    turns = (turns / (divisors.empty() ? 1.0 : divisors[i])) / factor;
    steps_.push_back(static_cast<std::uint64_t>(turns * kTwo64 + 0.5));
  }
}

void Rope::angles(std::uint64_t position, float* cosine, float* sine) const noexcept {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::uint64_t phase = position * steps_[i];
    const std::uint64_t quadrant = (phase + (std::uint64_t{1} << 61)) >> 62;
    const auto rest = static_cast<std::int64_t>(phase - (quadrant << 62));
    const double x = static_cast<double>(rest) * (kPi / kTwo63);
    const double s = sine_series(x);
    const double c = cosine_series(x);
    const double sine_of[4] = {s, c, -s, -c};
    const double cosine_of[4] = {c, -s, -c, s};
    sine[i] = static_cast<float>(sine_of[quadrant]);
    cosine[i] = static_cast<float>(cosine_of[quadrant]);
  }
}

void rotate(const float* in, const float* cosine, const float* sine, std::uint32_t half, float* out) noexcept {
  // Pointers of their own for both halves: an index i + half, which may wrap, keeps compilers from using vectors.
  const float* const in_high = in + half;
  float* __restrict low = out;
  float* __restrict high = out + half;
  for (std::size_t i = 0; i < half; ++i) {
    const float a = in[i];
    const float b = in_high[i];
    low[i] = a * cosine[i] - b * sine[i];
    high[i] = a * sine[i] + b * cosine[i];
  }
}

}  // namespace koan
