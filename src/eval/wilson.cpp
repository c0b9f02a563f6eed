#include "eval/wilson.h"

#include <algorithm>
#include <cmath>

namespace koan {
namespace {

constexpr double kZ = 1.959963984540054;  // leaves 2.5% of a normal distribution above it

}  // namespace

Rate wilson(double right, double n) noexcept {
  if (n <= 0) return {};
  const double p = right / n, z2 = kZ * kZ;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace koan
