#include "adapt/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace koan {
namespace {

TEST(Schedule, WarmsUpStaysAndDecays) {
  PretrainOptions o;
  o.schedule = "wsd";
  o.warmup = 0.1;
  o.decay = 0.25;
  EXPECT_DOUBLE_EQ(rate_at(o, 0), 0.01);
  EXPECT_DOUBLE_EQ(rate_at(o, 0.05), 0.5);
  EXPECT_DOUBLE_EQ(rate_at(o, 0.1), 1);
  EXPECT_DOUBLE_EQ(rate_at(o, 0.75), 1);
  EXPECT_DOUBLE_EQ(rate_at(o, 0.875), 0.5);
  EXPECT_DOUBLE_EQ(rate_at(o, 1), 0);
  EXPECT_DOUBLE_EQ(rate_at(o, 1.2), 0);
  o.warmup = o.decay = 0;
  EXPECT_DOUBLE_EQ(rate_at(o, 0), 1);
  EXPECT_DOUBLE_EQ(rate_at(o, 1), 1);
}

TEST(Schedule, CosineEndsAtATwentieth) {
  PretrainOptions o;
  o.schedule = "cosine";
  o.warmup = 0.02;
  EXPECT_DOUBLE_EQ(rate_at(o, 0.01), 0.5 * (0.05 + 0.95 * 0.5 * (1 + std::cos(0.01 * 3.14159265358979323846))));
  EXPECT_NEAR(rate_at(o, 0.5), 0.525, 1e-12);
  EXPECT_NEAR(rate_at(o, 1), 0.05, 1e-12);
  EXPECT_NEAR(rate_at(o, 2), 0.05, 1e-12);
}

TEST(Schedule, StagesSetTheWindow) {
  const auto stages = parse_stages("0:128,0.2:256,0.5:512", 8192);
  ASSERT_TRUE(stages.has_value());
  EXPECT_EQ(length_at(*stages, 0), 128);
  EXPECT_EQ(length_at(*stages, 0.2), 256);
  EXPECT_EQ(length_at(*stages, 0.49), 256);
  EXPECT_EQ(length_at(*stages, 1.1), 512);
  for (const char* bad :
       {"", "0.1:128", "0:100", "0:96", "0:128,0.5", "0:128x", "0:128,0:256", "0:128,2:256", "0:-32", "nan:128"})
    EXPECT_FALSE(parse_stages(bad, 8192).has_value()) << bad;
}

}  // namespace
}  // namespace koan
