#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/split_mix.h"

namespace koan {
namespace {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) noexcept : state_(seed) {}
  // Uniform in [0, n), n > 0. The bias is below n / 2^64.
  std::uint64_t below(std::uint64_t n) noexcept {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(split_mix(state_)) * n >> 64);
  }

 private:
  std::uint64_t state_;
};

double at_share(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<std::uint32_t> number_groups(const std::vector<std::string>& names) {
  std::map<std::string, std::uint32_t> known;
  std::vector<std::uint32_t> out;
  out.reserve(names.size());
  std::uint32_t next = 0;
  for (const std::string& name : names) {
    if (name.empty()) {
      out.push_back(next++);
      continue;
    }
    const auto [it, is_new] = known.try_emplace(name, next);
    if (is_new) ++next;
    out.push_back(it->second);
  }
  return out;
}

Interval percentile_interval(std::vector<double> values, double confidence) {
  std::sort(values.begin(), values.end());
  return {at_share(values, (1 - confidence) / 2), at_share(values, (1 + confidence) / 2)};
}

Bootstrap::Bootstrap(const SampleTable& table, const BootstrapSettings& settings)
    : settings_(settings), columns_(table.columns), total_(table.columns, 0.0) {
  std::map<std::uint32_t, std::size_t> place;
  std::vector<double> group_sums;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const auto [it, is_new] = place.try_emplace(table.group[i], place.size());
    if (is_new) group_sums.resize(group_sums.size() + columns_, 0.0);
    double* sums = group_sums.data() + it->second * columns_;
    for (std::size_t c = 0; c < columns_; ++c) {
      sums[c] += table.row(i)[c];
      total_[c] += table.row(i)[c];
    }
  }
  groups_ = place.size();
  drawn_.assign(std::size_t{settings.resamples} * columns_, 0.0);
  Draws draws(settings.seed);
  for (std::size_t resample = 0; resample < settings.resamples && groups_ > 0; ++resample) {
    double* out = drawn_.data() + resample * columns_;
    for (std::size_t i = 0; i < groups_; ++i) {
      const double* sums = group_sums.data() + draws.below(groups_) * columns_;
      for (std::size_t c = 0; c < columns_; ++c) out[c] += sums[c];
    }
  }
}

void Bootstrap::add(const Bootstrap& stratum) {
  groups_ += stratum.groups_;
  for (std::size_t c = 0; c < columns_; ++c) total_[c] += stratum.total_[c];
  for (std::size_t i = 0; i < drawn_.size(); ++i) drawn_[i] += stratum.drawn_[i];
}

Interval Bootstrap::interval(const Statistic& statistic) const {
  std::vector<double> values;
  values.reserve(settings_.resamples);
  each([&](std::span<const double> sums) { values.push_back(statistic(sums)); });
  return percentile_interval(std::move(values), settings_.confidence);
}

void Bootstrap::each(const std::function<void(std::span<const double> sums)>& see) const {
  for (std::size_t resample = 0; resample < settings_.resamples; ++resample)
    see({drawn_.data() + resample * columns_, columns_});
}

}  // namespace koan
