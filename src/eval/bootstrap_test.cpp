#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace koan {
namespace {

double ratio(std::span<const double> sums) { return sums[0] / sums[1]; }

// Columns: coded bits (about 2 a byte, noisy), bytes.
SampleTable made_up(std::mt19937_64& random, std::size_t rows) {
  SampleTable table;
  table.columns = 2;
  for (std::size_t i = 0; i < rows; ++i) {
    const double bytes = 200 + static_cast<double>(random() % 1000);
    const double noise = static_cast<double>(random() % 2001) / 1000 - 1;  // uniform in [-1, 1]
    table.values.insert(table.values.end(), {bytes * (2 + noise), bytes});
    table.group.push_back(static_cast<std::uint32_t>(i));
  }
  return table;
}

TEST(Bootstrap, IntervalsCoverTheTruthAsOftenAsTheySay) {
  std::mt19937_64 random(20260324);
  BootstrapSettings settings;
  settings.resamples = 400;
  settings.confidence = 0.9;
  int covered = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    settings.seed = static_cast<std::uint64_t>(trial);
    const Interval interval = Bootstrap(made_up(random, 60), settings).interval(ratio);
    covered += interval.low <= 2 && 2 <= interval.high;
  }
  // 360 expected, standard deviation 6; the percentile method is a little narrow at 60 samples.
  EXPECT_GE(covered, 335);
  EXPECT_LE(covered, 380);
}

TEST(Bootstrap, IntervalsShrinkWithTheSquareRootOfTheSample) {
  std::mt19937_64 random(7);
  const BootstrapSettings settings{2000, 1, 0.95};
  const Interval few = Bootstrap(made_up(random, 50), settings).interval(ratio);
  const Interval many = Bootstrap(made_up(random, 5000), settings).interval(ratio);
  const double factor = (few.high - few.low) / (many.high - many.low);
  EXPECT_GT(factor, 7);
  EXPECT_LT(factor, 14);
}

TEST(Bootstrap, RecordsOfOneGroupAreDrawnTogether) {
  std::mt19937_64 random(7);
  SampleTable apart = made_up(random, 40);
  SampleTable copies = apart;  // each record five times, which says nothing new
  for (int copy = 0; copy < 4; ++copy) {
    copies.values.insert(copies.values.end(), apart.values.begin(), apart.values.end());
    copies.group.insert(copies.group.end(), apart.group.begin(), apart.group.end());
  }
  const BootstrapSettings settings{1000, 3, 0.95};
  const Bootstrap one(apart, settings), five(copies, settings);
  EXPECT_EQ(one.groups(), 40u);
  EXPECT_EQ(five.groups(), 40u);
  EXPECT_NEAR(one.interval(ratio).low, five.interval(ratio).low, 1e-9);
  EXPECT_NEAR(one.interval(ratio).high, five.interval(ratio).high, 1e-9);
}

TEST(Bootstrap, ADifferenceIsPaired) {
  // Two columns that vary much and differ by little: apart their intervals overlap, their difference is clear.
  std::mt19937_64 random(11);
  SampleTable table;
  table.columns = 3;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const double a = static_cast<double>(random() % 1000);
    table.values.insert(table.values.end(), {a, a + 5 + static_cast<double>(random() % 10), 1000.0});
    table.group.push_back(i);
  }
  const Bootstrap bootstrap(table, {2000, 1, 0.95});
  const auto first = bootstrap.interval([](auto s) { return s[0] / s[2]; });
  const auto second = bootstrap.interval([](auto s) { return s[1] / s[2]; });
  EXPECT_GT(first.high, second.low);
  const auto difference = bootstrap.interval([](auto s) { return (s[1] - s[0]) / s[2]; });
  EXPECT_GT(difference.low, 0.008);
  EXPECT_LT(difference.high, 0.011);
}

TEST(Bootstrap, IsTheSameEveryTimeAndDependsOnTheSeed) {
  std::mt19937_64 random(5);
  const SampleTable table = made_up(random, 30);
  const Interval a = Bootstrap(table, {500, 1, 0.95}).interval(ratio);
  const Interval b = Bootstrap(table, {500, 1, 0.95}).interval(ratio);
  const Interval c = Bootstrap(table, {500, 2, 0.95}).interval(ratio);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_NE(a.low, c.low);
}

TEST(Bootstrap, StrataAddUp) {
  std::mt19937_64 random(5);
  const SampleTable table = made_up(random, 30), other = made_up(random, 70);
  Bootstrap sum(table, {500, 1, 0.95});
  const Bootstrap stratum(other, {500, 2, 0.95});
  const double first = sum.sums()[0], second = stratum.sums()[0];
  sum.add(stratum);
  EXPECT_EQ(sum.groups(), 100u);
  EXPECT_NEAR(sum.sums()[0], first + second, 1e-6);
  const Interval both = sum.interval(ratio), alone = stratum.interval(ratio);
  EXPECT_LT(both.high - both.low, alone.high - alone.low);
}

TEST(PercentileInterval, LeavesEqualSharesOutside) {
  std::vector<double> values;
  for (int i = 1000; i >= 0; --i) values.push_back(i);
  const Interval interval = percentile_interval(values, 0.9);
  EXPECT_NEAR(interval.low, 50, 1e-9);
  EXPECT_NEAR(interval.high, 950, 1e-9);
}

TEST(NumberGroups, EqualNamesAreOneGroupAndNoNameIsAGroupOfItsOwn) {
  const auto groups = number_groups({"a", "", "b", "a", ""});
  EXPECT_EQ(groups[0], groups[3]);
  EXPECT_NE(groups[0], groups[2]);
  EXPECT_NE(groups[1], groups[4]);
}

}  // namespace
}  // namespace koan
