// Inline pieces shared by the training kernels.
#pragma once

#include <bit>
#include <cstring>

#include "adapt/cpu_kernels.h"

namespace koan::train {

inline float widen(Bf16 v) { return std::bit_cast<float>(static_cast<std::uint32_t>(v) << 16); }

// Round to nearest even; inputs are finite.
inline Bf16 narrow(float v) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(v);
  return static_cast<Bf16>((u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
}

// e^x to about 2e-7 relative for -87 < x < 88; below, close to zero. Straight-line code that vectorises.
inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  const float t = x * 1.44269504f;
  const float shifted = t + 12582912.0f;  // 1.5 * 2^23: the integer part lands in the low mantissa bits
  const std::int32_t n = std::bit_cast<std::int32_t>(shifted) - 0x4B400000;
  const float f = (t - static_cast<float>(n)) * 0.69314718f;
  const float p =
      1.0f + f * (1.0f + f * (0.5f + f * (0.16666667f + f * (0.041666668f + f * (0.0083333338f + f * 0.0013888889f)))));
  return std::bit_cast<float>((n + 127) << 23) * p;
}

}  // namespace koan::train
