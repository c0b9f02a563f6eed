#include "codec/logistic.h"

#include <algorithm>
#include <vector>

namespace koan {
namespace {

// exp by the Taylor series of x/64 and six squarings: only + * and /, so the tables are the same everywhere.
double series_exp(double x) noexcept {
  const double r = x / 64.0;
  double sum = 1.0;
  for (int k = 20; k >= 1; --k) sum = 1.0 + sum * r / k;
  for (int i = 0; i < 6; ++i) sum = sum * sum;
  return sum;
}

struct Tables {
  std::array<std::uint16_t, 2 * kStretchLimit + 1> squash;
  std::vector<std::int16_t> stretch;  // [65536]

  Tables() : stretch(65536) {
    for (std::int32_t x = 0; x <= kStretchLimit; ++x) {
      const double e = series_exp(x / 256.0);
      const auto p = static_cast<std::int32_t>(65536.0 * (e / (1.0 + e)) + 0.5);
      squash[static_cast<std::size_t>(kStretchLimit + x)] = static_cast<std::uint16_t>(std::min(p, 65535));
      squash[static_cast<std::size_t>(kStretchLimit - x)] = static_cast<std::uint16_t>(std::max(65536 - p, 1));
    }
    // The inverse: the x whose squash is nearest, ties to the smaller x.
    std::size_t x = 0;
    for (std::int32_t p = 1; p < 65536; ++p) {
      while (x + 1 < squash.size() && std::abs(squash[x + 1] - p) < std::abs(squash[x] - p)) ++x;
      while (x + 1 < squash.size() && squash[x + 1] <= p) ++x;
      stretch[static_cast<std::size_t>(p)] = static_cast<std::int16_t>(static_cast<std::int32_t>(x) - kStretchLimit);
    }
    stretch[0] = stretch[1];
  }
};

const Tables& tables() noexcept {
  static const Tables instance;
  return instance;
}

}  // namespace

std::int32_t stretch(std::uint32_t p16) noexcept { return tables().stretch[std::min<std::uint32_t>(p16, 65535)]; }

std::uint32_t squash(std::int32_t x) noexcept {
  return tables().squash[static_cast<std::size_t>(std::clamp(x, -kStretchLimit, kStretchLimit) + kStretchLimit)];
}

void AdaptiveBit::update(bool bit, std::uint16_t limit) noexcept {
  const std::int32_t target = bit ? 65535 : 0;
  // Divisor 1.5, 2.5, 3.5, ...: the running mean of what was seen, with a weak prior.
  const std::int32_t divisor = 2 * seen + 3;
  p16 = static_cast<std::uint16_t>(std::clamp(p16 + (target - p16) * 2 / divisor, 1, 65535));
  if (seen < limit) ++seen;
}

}  // namespace koan
