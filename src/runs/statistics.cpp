#include "runs/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace koan::runs {
namespace {

constexpr double kMostDegenerate = 0.025;

std::optional<double> recovery_of(double arm, double small, double large) {
  // Sums of trials' means: whole parts of a problem are far above this.
  if (large - small < 1e-9) return std::nullopt;
  return (arm - small) / (large - small);
}

}  // namespace

double mcnemar(std::uint64_t only_this, std::uint64_t only_other) noexcept {
  const std::uint64_t n = only_this + only_other, least = std::min(only_this, only_other);
  double tail = 0;
  const double size = static_cast<double>(n);
  for (std::uint64_t k = 0; k <= least; ++k) {
    const double at = static_cast<double>(k);
    tail += std::exp(std::lgamma(size + 1) - std::lgamma(at + 1) - std::lgamma(size - at + 1) - size * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

Recovery gap_recovery(const Scores& scores, const BootstrapSettings& settings) {
  SampleTable table;
  table.columns = 3;
  for (std::size_t i = 0; i < scores.arm.size(); ++i) {
    table.values.insert(table.values.end(), {scores.arm[i], scores.small[i], scores.large[i]});
    table.group.push_back(static_cast<std::uint32_t>(i));
  }
  Recovery out;
  if (table.rows() == 0) return out;
  const Bootstrap bootstrap(table, settings);
  out.value = recovery_of(bootstrap.sums()[0], bootstrap.sums()[1], bootstrap.sums()[2]);
  if (!out.value) return out;
  std::vector<double> values;
  bootstrap.each([&](std::span<const double> sums) {
    if (const auto one = recovery_of(sums[0], sums[1], sums[2])) values.push_back(*one);
  });
  const double lost = 1 - static_cast<double>(values.size()) / settings.resamples;
  if (lost <= kMostDegenerate) out.interval = percentile_interval(std::move(values), settings.confidence);
  return out;
}

}  // namespace koan::runs
