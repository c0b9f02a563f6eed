#include "runs/statistics.h"

#include <gtest/gtest.h>

#include <vector>

namespace koan::runs {
namespace {

// Values of R's binom.confint(method = "wilson") and of the formula by hand.
TEST(Wilson, KnownValues) {
  const Rate half = wilson(5, 10);
  EXPECT_DOUBLE_EQ(half.value, 0.5);
  EXPECT_NEAR(half.low, 0.2365931, 1e-6);
  EXPECT_NEAR(half.high, 0.7634069, 1e-6);
  const Rate none = wilson(0, 10);
  EXPECT_NEAR(none.low, 0, 1e-12);
  EXPECT_NEAR(none.high, 0.2775328, 1e-6);
  const Rate all = wilson(10, 10);
  EXPECT_NEAR(all.low, 0.7224672, 1e-6);
  EXPECT_NEAR(all.high, 1, 1e-12);
  const Rate many = wilson(81, 263);  // Newcombe 1998, table I
  EXPECT_NEAR(many.low, 0.2553, 5e-5);
  EXPECT_NEAR(many.high, 0.3662, 5e-5);
}

TEST(Wilson, NothingIsKnownOfNothing) {
  const Rate rate = wilson(0, 0);
  EXPECT_EQ(rate.low, 0);
  EXPECT_EQ(rate.high, 1);
}

TEST(McNemar, IsTheBinomialTest) {
  EXPECT_NEAR(mcnemar(1, 9), 2 * 11.0 / 1024, 1e-12);
  EXPECT_NEAR(mcnemar(9, 1), mcnemar(1, 9), 1e-15);
  EXPECT_NEAR(mcnemar(0, 5), 2.0 / 32, 1e-12);
  EXPECT_DOUBLE_EQ(mcnemar(0, 0), 1);
  EXPECT_DOUBLE_EQ(mcnemar(4, 4), 1);
  EXPECT_NEAR(mcnemar(0, 2000), 0, 1e-300);       // far below what 2^-n can be without logarithms
  EXPECT_NEAR(mcnemar(40, 60), 0.0568879, 1e-6);  // binom.test(40, 100)
}

TEST(GapRecovery, IsOfTheSums) {
  const std::vector<double> small = {1, 0, 0, 0, 0, 0}, large = {1, 1, 1, 1, 1, 0}, arm = {1, 1, 0, 0, 0, 0};
  const Recovery recovery = gap_recovery({arm, small, large});
  ASSERT_TRUE(recovery.value);
  EXPECT_DOUBLE_EQ(*recovery.value, 0.25);
}

TEST(GapRecovery, ThatOfTheModelsThemselvesIsCertain) {
  std::vector<double> small, large;
  for (int i = 0; i < 100; ++i) {
    small.push_back(i % 2);
    large.push_back(i % 10 != 0 || i % 2 != 0);
  }
  const Recovery none = gap_recovery({small, small, large}), all = gap_recovery({large, small, large});
  ASSERT_TRUE(none.interval && all.interval);
  EXPECT_EQ(none.interval->low, 0);
  EXPECT_EQ(none.interval->high, 0);
  EXPECT_EQ(all.interval->low, 1);
  EXPECT_EQ(all.interval->high, 1);
}

// A quarter of a gap of 0.8 on 200 problems: its spread by the delta method is about 0.034.
TEST(GapRecovery, IntervalIsAsWideAsItShouldBe) {
  std::vector<double> small, large, arm;
  for (int i = 0; i < 200; ++i) {
    small.push_back(i < 20);
    large.push_back(i < 180);
    arm.push_back(i < 60);
  }
  const Recovery recovery = gap_recovery({arm, small, large});
  ASSERT_TRUE(recovery.interval);
  EXPECT_NEAR(recovery.interval->low, 0.25 - 1.96 * 0.0342, 0.01);
  EXPECT_NEAR(recovery.interval->high, 0.25 + 1.96 * 0.0342, 0.01);
  const Recovery again = gap_recovery({arm, small, large});
  EXPECT_EQ(recovery.interval->low, again.interval->low);
}

TEST(GapRecovery, WithoutAGapItIsNotDefined) {
  const std::vector<double> small = {1, 0, 1, 0}, large = {0, 1, 0, 1}, arm = {1, 1, 1, 1};
  EXPECT_FALSE(gap_recovery({arm, small, large}).value);
  EXPECT_FALSE(gap_recovery({arm, small, small}).value);
  EXPECT_FALSE(gap_recovery({{}, {}, {}}).value);
}

TEST(GapRecovery, AGapThatMayBeNoneHasAValueButNoInterval) {
  const std::vector<double> small = {1, 0, 1, 0}, large = {0, 1, 1, 1}, arm = {1, 1, 1, 1};
  const Recovery recovery = gap_recovery({arm, small, large});
  ASSERT_TRUE(recovery.value);
  EXPECT_DOUBLE_EQ(*recovery.value, 2);
  EXPECT_FALSE(recovery.interval);
}

}  // namespace
}  // namespace koan::runs
