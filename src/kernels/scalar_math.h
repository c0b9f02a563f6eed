// Functions of numerics section 6 on one number, for plain code; the kernels of an instruction set have their own.
#pragma once

#include <bit>
#include <cstdint>

namespace koan {

// Nearest even for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits, so the addition itself rounds.
inline float rne(float x) noexcept { return (x + 12582912.0f) - 12582912.0f; }

// Without branches, so that loops over it can be vectorised; NaN gives NaN.
inline float exp_exact(float x) noexcept {
  float c = x > 88.0f ? 88.0f : x;
  c = c < -86.0f ? -86.0f : c;
  c = x == x ? c : 0.0f;
  const float n = rne(c * 1.44269504088896341f);
  const float r = (c - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float y = (p * (r * r) + r) + 1.0f;
  const float e = y * std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23);
  const float whole = x < -86.0f ? 0.0f : e;
  return x == x ? whole : x;
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
