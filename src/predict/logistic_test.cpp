#include "predict/logistic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace koan {
namespace {

TEST(Logistic, SquashIsTheLogisticFunction) {
  for (std::int32_t x = -kStretchLimit; x <= kStretchLimit; ++x) {
    const double exact = 65536.0 / (1.0 + std::exp(-x / 256.0));
    ASSERT_NEAR(squash(x), std::clamp(exact, 1.0, 65535.0), 0.51) << x;
    ASSERT_EQ(squash(x) + squash(-x), 65536u) << x << ": yes and no must mean the same";
    if (x > -kStretchLimit) {
      ASSERT_GE(squash(x), squash(x - 1));
    }
  }
  EXPECT_EQ(squash(0), 32768u);
  EXPECT_EQ(squash(kStretchLimit), 65535u);
  EXPECT_EQ(squash(-kStretchLimit), 1u);
}

TEST(Logistic, StretchIsItsInverse) {
  for (std::uint32_t p = 1; p < 65536; ++p) {
    // Near the ends many logits have the same probability; any of them will do.
    const auto logit = [](double q) { return 256 * std::log(q / (65536 - q)); };
    ASSERT_GE(stretch(p), logit(p - 0.5) - 1) << p;
    ASSERT_LE(stretch(p), logit(p + 0.5) + 1) << p;
    ASSERT_NEAR(static_cast<double>(squash(stretch(p))), p, 1 + p * (65536.0 - p) / 65536 / 256) << p;
    ASSERT_LE(std::abs(stretch(p)), kStretchLimit);
    if (p > 1) {
      ASSERT_GE(stretch(p), stretch(p - 1)) << p;
    }
  }
  EXPECT_EQ(stretch(32768), 0);
  EXPECT_EQ(stretch(0), stretch(1)) << "no probability, but no reason to read out of bounds";
}

TEST(AdaptiveProbability, IsTheMeanOfItsFirstOutcomes) {
  for (const int one_in : {2, 7, 60}) {
    SCOPED_TRACE(one_in);
    std::mt19937 rng(5);
    AdaptiveProbability p;
    EXPECT_EQ(p.p16(), 32768u);
    int ones = 0;
    for (int n = 1; n <= 400; ++n) {
      const bool bit = rng() % static_cast<unsigned>(one_in) == 0;
      ones += bit;
      p.update(bit, 1023);
      ASSERT_EQ(p.seen(), static_cast<std::uint32_t>(n));
      // Half an outcome, split evenly, is the prior.
      ASSERT_NEAR(p.p16() / 65536.0, (ones + 0.25) / (n + 0.5), 0.002) << n;
    }
  }
}

TEST(AdaptiveProbability, ForgetsAtTheRateOfItsLimit) {
  AdaptiveProbability slow(32768, 0), fast(32768, 0);
  for (int i = 0; i < 2000; ++i) {
    slow.update(false, 1023);
    fast.update(false, 30);
  }
  EXPECT_EQ(slow.seen(), 1023u);
  EXPECT_EQ(fast.seen(), 30u);
  const double before = fast.p16() / 65536.0;
  slow.update(true, 1023);
  fast.update(true, 30);
  EXPECT_NEAR(fast.p16() / 65536.0 - before, 1 / 31.5, 0.001);
  EXPECT_LT(slow.p16(), fast.p16() / 10);
}

TEST(AdaptiveProbability, StaysInsideAtBothEnds) {
  for (const std::uint32_t limit : {1u, 255u, 1023u}) {
    for (const std::uint32_t start : {1u, 32768u, 65535u}) {
      AdaptiveProbability down(start, 0), up(start, 0);
      for (int i = 0; i < 20000; ++i) {
        down.update(false, limit);
        up.update(true, limit);
        ASSERT_GE(down.p16(), 1u);
        ASSERT_LE(up.p16(), 65535u);
      }
      EXPECT_LE(down.p16(), 2u);
      EXPECT_GE(up.p16(), 65510u) << "more than 16 bits of it are kept, so it gets there";
      EXPECT_EQ(up.seen(), limit);
      // And comes back.
      for (int i = 0; i < 20000; ++i) up.update(false, limit);
      EXPECT_LE(up.p16(), 2u);
    }
  }
}

}  // namespace
}  // namespace koan
