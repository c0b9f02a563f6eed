#include "predict/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "predict/logistic.h"

namespace koan {
namespace {

TEST(Calibration, LeavesProbabilitiesAsTheyAreAtFirst) {
  Calibration calibration(3);
  std::uint32_t last = 0;
  for (std::int32_t logit = -kStretchLimit; logit <= kStretchLimit; ++logit) {
    const std::uint32_t p = calibration.refine(logit, 1);
    ASSERT_NEAR(p, squash(logit), 740) << logit;  // 24 straight lines for a curve
    ASSERT_GE(p, last) << logit;
    last = p;
  }
  EXPECT_EQ(calibration.refine(-kStretchLimit, 2), 1u);
  EXPECT_EQ(calibration.refine(kStretchLimit, 2), 65535u);
}

TEST(Calibration, LearnsWhatReallyHappensInItsContext) {
  Calibration calibration(2);
  std::mt19937 rng(21);
  const std::uint32_t untouched = calibration.refine(200, 1);
  double mean = 0;
  for (int i = 0; i < 20000; ++i) {
    // Says 0.2 where it should say 0.9.
    const std::uint32_t p = calibration.refine(stretch(13107), 0);
    if (i >= 10000) mean += p / 65536.0 / 10000;
    calibration.update(rng() % 10 != 0);
  }
  EXPECT_NEAR(mean, 0.9, 0.05);
  EXPECT_EQ(calibration.refine(200, 1), untouched) << "another context";
  EXPECT_NEAR(calibration.refine(stretch(60000), 0), 60000, 500) << "another logit";
}

TEST(Calibration, UpdatesThePointThatIsNearest) {
  // A little above a point and a little below the next one: both are on the way between, different ones are learned.
  constexpr std::int32_t kStep = 2 * kStretchLimit / 23;
  for (const int offset : {kStep / 4, kStep * 3 / 4}) {
    Calibration calibration(1);
    const std::int32_t low = -kStretchLimit + 12 * kStep, high = low + kStep;
    const std::uint32_t low_before = calibration.refine(low, 0), high_before = calibration.refine(high, 0);
    for (int i = 0; i < 40; ++i) {
      calibration.refine(low + offset, 0);
      calibration.update(true);
    }
    const bool low_moved = calibration.refine(low, 0) > low_before + 2000;
    const bool high_moved = calibration.refine(high, 0) > high_before + 2000;
    EXPECT_EQ(low_moved, offset < kStep / 2);
    EXPECT_EQ(high_moved, offset > kStep / 2);
  }
}

TEST(Calibration, StaysAProbability) {
  Calibration calibration(1);
  for (const bool bit : {true, false, true}) {
    for (int i = 0; i < 3000; ++i) {
      for (const std::int32_t logit : {-kStretchLimit, -1, 0, 1000, kStretchLimit - 1, kStretchLimit}) {
        const std::uint32_t p = calibration.refine(logit, 0);
        ASSERT_GE(p, 1u);
        ASSERT_LE(p, 65535u);
        calibration.update(bit);
      }
    }
    if (bit) {
      EXPECT_GT(calibration.refine(-kStretchLimit, 0), 65000u);
    } else {
      EXPECT_LT(calibration.refine(kStretchLimit, 0), 500u);
    }
  }
}

}  // namespace
}  // namespace koan
