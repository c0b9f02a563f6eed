// Integer logistic mixing of probabilities, after the paq family (Mahoney): probabilities are 16 bits, their logits
// ("stretch") are in units of 1/256. Integers only, so both sides agree everywhere (docs/numerics.md section 12).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace koan {

inline constexpr std::int32_t kStretchLimit = 2839;
struct LogisticTables {
  std::array<std::uint16_t, 2 * kStretchLimit + 1> squash;
  std::array<std::int16_t, 65536> stretch;
};
extern const LogisticTables kLogistic;

// 256 * ln(p / (65536 - p)) for p in 1..65535, rounded; |result| <= kStretchLimit.
inline std::int32_t stretch(std::uint32_t p16) noexcept { return kLogistic.stretch[p16 & 0xFFFF]; }
// The probability in 1..65535 whose logit is `x`, |x| <= kStretchLimit.
inline std::uint32_t squash(std::int32_t x) noexcept {
  return kLogistic.squash[static_cast<std::size_t>(x + kStretchLimit)];
}

// A probability that follows what happened: the running mean of its first outcomes, slower with evidence. 22 bits of
// probability, so that a bit that is nearly always the same can become nearly free; 10 bits of evidence.
class AdaptiveProbability {
 public:
  AdaptiveProbability() = default;
  AdaptiveProbability(std::uint32_t p16, std::uint32_t seen) noexcept : value_(p16 << 16 | seen) {}

  std::uint32_t p16() const noexcept { return value_ >> 16 == 0 ? 1 : value_ >> 16; }
  std::uint32_t seen() const noexcept { return value_ & kSeenMask; }
  // limit <= 1023: the most evidence to count.
  void update(bool bit, std::uint32_t limit) noexcept {
    const std::uint32_t seen = value_ & kSeenMask;
    const auto p = static_cast<std::int64_t>(value_ >> 10);
    const std::int64_t target = bit ? (1 << 22) - 1 : 0;
    // |target - p| * rate < 2^39.
    value_ =
        static_cast<std::uint32_t>(p + ((target - p) * kRates[seen] >> 16)) << 10 | (seen < limit ? seen + 1 : seen);
  }

 private:
  static constexpr std::uint32_t kSeenMask = 1023;
  // 2^17 / divisor; the divisors 1.5, 2.5, 3.5, ... make the mean of what was seen, with a weak prior.
  static constexpr std::array<std::uint32_t, 1024> kRates = [] {
    std::array<std::uint32_t, 1024> out{};
    for (std::uint32_t seen = 0; seen < 1024; ++seen) out[seen] = 131072 / (2 * seen + 3);
    return out;
  }();
  std::uint32_t value_ = 1u << 31;
};

}  // namespace koan
