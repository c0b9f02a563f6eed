// Integer logistic mixing of probabilities, after the paq family (Mahoney): probabilities are 16 bits, their logits
// ("stretch") are in units of 1/256. Integers only, so both sides agree everywhere (docs/numerics.md section 12).
#pragma once

#include <array>
#include <cstdint>

namespace koan {

inline constexpr std::int32_t kStretchLimit = 2839;  // 256 * ln(65535): the logit of the largest 16-bit probability

// 256 * ln(p / (65536 - p)) for p in 1..65535, rounded; |result| <= kStretchLimit.
std::int32_t stretch(std::uint32_t p16) noexcept;
// The probability in 1..65535 whose logit is `x` (clamped).
std::uint32_t squash(std::int32_t x) noexcept;

// A probability that follows what happened: fast at first, slower with evidence.
struct AdaptiveBit {
  std::uint16_t p16 = 32768;
  std::uint16_t seen = 0;
  void update(bool bit, std::uint16_t limit) noexcept;
};

// Weighted sum of logits with weights learned online (16.16 fixed point).
template <std::size_t N>
struct LogisticMixer {
  std::array<std::int32_t, N> weights{};

  std::int32_t mix(const std::array<std::int32_t, N>& inputs) const noexcept {
    std::int64_t sum = 0;  // |sum| <= N * 2^31 * 2839
    for (std::size_t i = 0; i < N; ++i) sum += static_cast<std::int64_t>(weights[i]) * inputs[i];
    sum >>= 16;
    return static_cast<std::int32_t>(sum < -kStretchLimit ? -kStretchLimit : sum > kStretchLimit ? kStretchLimit : sum);
  }
  // error = (bit ? 65535 : 0) - predicted. |input * error| < 2^28; weights are kept within +-8.
  void update(const std::array<std::int32_t, N>& inputs, std::int32_t error, int shift) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      const std::int32_t step = (inputs[i] * error + (1 << (shift - 1))) >> shift;
      const std::int32_t w = weights[i] + step;
      weights[i] = w < -(8 << 16) ? -(8 << 16) : w > (8 << 16) ? (8 << 16) : w;
    }
  }
};

}  // namespace koan
