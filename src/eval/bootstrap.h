// Intervals for pooled figures by resampling (docs/evaluation.md section 5; Efron 1979, percentile method). What is
// drawn is a group of records that share a question or a document, because they are not independent of each other.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace koan {

struct BootstrapSettings {
  std::uint32_t resamples = 10000;  // at least 1
  std::uint64_t seed = 1;
  double confidence = 0.95;  // of an interval, in (0, 1)
  bool operator==(const BootstrapSettings&) const = default;
};

struct Interval {
  double low = 0, high = 0;
};

// Values in columns, one row for each record.
struct SampleTable {
  std::size_t columns = 0;
  std::vector<double> values;        // [rows][columns]
  std::vector<std::uint32_t> group;  // of each row; numbers without meaning
  std::size_t rows() const noexcept { return group.size(); }
  std::span<const double> row(std::size_t i) const noexcept { return {values.data() + i * columns, columns}; }
};

// Group numbers of names: equal names get equal numbers, an empty name is a group of its own.
std::vector<std::uint32_t> number_groups(const std::vector<std::string>& names);

// The columns' sums over as many groups as the table has, drawn with replacement, again and again. The same draw serves
// every column, so that a difference between columns is a paired one. Deterministic on every machine.
class Bootstrap {
 public:
  Bootstrap(const SampleTable& table, const BootstrapSettings& settings);

  // Adds the draws of another table with the same columns and settings, drawn apart: a sum over strata.
  void add(const Bootstrap& stratum);

  std::size_t groups() const noexcept { return groups_; }
  std::span<const double> sums() const noexcept { return total_; }  // as measured
  // A figure computed from the columns' sums, over all draws.
  using Statistic = std::function<double(std::span<const double> sums)>;
  double value(const Statistic& statistic) const { return statistic(total_); }
  Interval interval(const Statistic& statistic) const;
  void each(const std::function<void(std::span<const double> sums)>& see) const;  // every draw

 private:
  BootstrapSettings settings_;
  std::size_t columns_ = 0, groups_ = 0;
  std::vector<double> total_;  // [columns]
  std::vector<double> drawn_;  // [resamples][columns]
};

// Bounds that leave (1 - confidence) / 2 of the values on each side, between neighbours linearly. values is not empty.
Interval percentile_interval(std::vector<double> values, double confidence);

}  // namespace koan
