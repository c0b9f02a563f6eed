// Functions of numerics section 6 on one number, for plain code; the kernels of an instruction set have their own.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/kernels.h"

namespace koan {

// Nearest even for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits, so the addition itself rounds.
inline float rne(float x) noexcept { return (x + 12582912.0f) - 12582912.0f; }

// a * b + c, rounded once, on machines with and without an instruction for it. The product is exact in double. Their
// sum, rounded to double and then to binary32, errs only where the first rounding makes it lie halfway between two
// values of the second.
inline float fused(float a, float b, float c) noexcept {
  const double product = static_cast<double>(a) * b, addend = c;
  const double sum = product + addend;
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  const bool halfway = (bits & 0x1FFFFFFF) == 0x10000000;
  if (!halfway && (sum >= 0x1p-126 || sum <= -0x1p-126)) return static_cast<float>(sum);
  // Rounding to odd instead keeps the second from erring (Boldo and Melquiond, Emulation of FMA, 2008).
  const double of_addend = sum - product;
  const double lost = (product - (sum - of_addend)) + (addend - of_addend);  // exact; NaN if sum is not finite
  if (!(lost > 0 || lost < 0) || bits % 2 != 0) return static_cast<float>(sum);
  const bool away = (lost > 0) == (sum > 0);
  return static_cast<float>(std::bit_cast<double>(away ? bits + 1 : bits - 1));
}

// NaN gives NaN.
inline float exp_exact(float x) noexcept {
  if (x != x) return x;
  if (x < -86.0f) return 0.0f;
  const float t = (x > 88.0f ? 88.0f : x) * kLog2E;
  const float n = rne(t);
  const float f = t - n;
  float p = kExp2[0];
  for (int i = 1; i < 6; ++i) p = fused(p, f, kExp2[i]);
  return p * std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23);
}

// What stands for a score or logit that is not finite.
inline float finite_or_least(float x) noexcept {
  return (std::bit_cast<std::uint32_t>(x) & 0x7F800000u) == 0x7F800000u ? -0x1p120f : x;
}

// The gelu with tanh: g * sigmoid(2 sqrt(2/pi) (g + 0.044715 g^3)).
inline float gelu(float g) noexcept {
  const float z = (1.5957691216057308f * g) * (1.0f + 0.044715f * (g * g));
  return g / (1.0f + exp_exact(-z));
}

// cap * tanh(x / cap); cap > 0.
inline float soft_cap(float x, float cap) noexcept {
  return cap * (1.0f - 2.0f / (1.0f + exp_exact(2.0f * (x / cap))));
}

}  // namespace koan
