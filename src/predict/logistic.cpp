#include "predict/logistic.h"

namespace koan {
namespace {

// exp by the Taylor series of x/64 and six squarings: only + * and /, so the tables are the same everywhere.
constexpr double series_exp(double x) noexcept {
  const double r = x / 64.0;
  double sum = 1.0;
  for (int k = 20; k >= 1; --k) sum = 1.0 + sum * r / k;
  for (int i = 0; i < 6; ++i) sum = sum * sum;
  return sum;
}

constexpr std::int32_t distance(std::int32_t a, std::int32_t b) noexcept { return a < b ? b - a : a - b; }

constexpr LogisticTables build() noexcept {
  LogisticTables out{};
  for (std::int32_t x = 0; x <= kStretchLimit; ++x) {
    const double e = series_exp(x / 256.0);
    const auto p = static_cast<std::int32_t>(65536.0 * (e / (1.0 + e)) + 0.5);
    out.squash[static_cast<std::size_t>(kStretchLimit + x)] = static_cast<std::uint16_t>(p < 65535 ? p : 65535);
    out.squash[static_cast<std::size_t>(kStretchLimit - x)] = static_cast<std::uint16_t>(65536 - p > 1 ? 65536 - p : 1);
  }
  // The inverse: the x whose squash is nearest; where several are, the largest.
  std::size_t x = 0;
  for (std::int32_t p = 1; p < 65536; ++p) {
    while (x + 1 < out.squash.size() && distance(out.squash[x + 1], p) < distance(out.squash[x], p)) ++x;
    while (x + 1 < out.squash.size() && out.squash[x + 1] <= p) ++x;
    out.stretch[static_cast<std::size_t>(p)] = static_cast<std::int16_t>(static_cast<std::int32_t>(x) - kStretchLimit);
  }
  out.stretch[0] = out.stretch[1];
  return out;
}

}  // namespace

// Made by the compiler: no table to ship, no work at the start, no question which thread makes it.
constinit const LogisticTables kLogistic = build();

}  // namespace koan
