#include "model/rope.h"

#include <gtest/gtest.h>

#include <cmath>

namespace koan {
namespace {

TEST(Rope, LogarithmAndExponentialAgreeWithLibm) {
  for (const double x : {1.0, 1.4142, 1.4143, 2.0, 10.0, 10000.0, 500000.0, 1e6, 1e15}) {
    EXPECT_NEAR(log64(x), std::log(x), 4e-16 * std::fabs(std::log(x))) << x;
  }
  for (double x = 0; x > -35; x -= 0.37) EXPECT_NEAR(exp64(x), std::exp(x), 4e-16 * std::exp(x)) << x;
}

TEST(Rope, StepsAreFractionsOfATurn) {
  for (const double base : {1.0, 10000.0, 1000000.0}) {
    const Rope rope(base, 64);
    ASSERT_EQ(rope.half(), 32u);
    for (std::uint32_t i = 0; i < 32; ++i) {
      const double expected = std::pow(base, -2.0 * i / 64) / (2 * std::acos(-1.0));
      EXPECT_NEAR(std::ldexp(static_cast<double>(rope.step(i)), -64), expected, 4e-15 * expected + std::ldexp(1, -65))
          << base << " " << i;
      EXPECT_LT(rope.step(i), std::uint64_t{1} << 62);
    }
  }
}

TEST(Rope, DivisorsAndFactorSlowThePairs) {
  const double divisors[4] = {1, 1.5, 8, 1e30};
  const Rope plain(10000.0, 8), slow(10000.0, 8, 4.0, divisors);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const double expected = static_cast<double>(plain.step(i)) / divisors[i] / 4;
    EXPECT_NEAR(static_cast<double>(slow.step(i)), expected, 4e-16 * expected + 1) << i;
  }
  EXPECT_EQ(slow.step(3), 0u);  // a pair that does not turn
}

TEST(Rope, AnglesAgreeWithLibm) {
  const Rope rope(10000.0, 32);
  float cosine[16], sine[16];
  for (std::uint64_t position = 0; position < 100000; position = position < 200 ? position + 1 : position * 2 - 77) {
    rope.angles(position, cosine, sine);
    for (std::uint32_t i = 0; i < 16; ++i) {
      const double angle = static_cast<double>(position) * std::pow(10000.0, -2.0 * i / 32);
      EXPECT_NEAR(cosine[i], std::cos(angle), 1e-6) << position << " " << i;
      EXPECT_NEAR(sine[i], std::sin(angle), 1e-6) << position << " " << i;
    }
  }
}

// What floating-point angles lose and integer ones keep: position p + k has exactly the phase of p plus the phase of k.
TEST(Rope, HugePositionsKeepTheirDistances) {
  const Rope rope(10000.0, 32);
  float near_cosine[16], near_sine[16], far_cosine[16], far_sine[16], k_cosine[16], k_sine[16];
  constexpr std::uint64_t kFar = (std::uint64_t{1} << 61) + 12345;
  rope.angles(kFar, near_cosine, near_sine);
  rope.angles(kFar + 5, far_cosine, far_sine);
  rope.angles(5, k_cosine, k_sine);
  for (std::uint32_t i = 0; i < 16; ++i) {
    const double cosine =
        static_cast<double>(near_cosine[i]) * k_cosine[i] - static_cast<double>(near_sine[i]) * k_sine[i];
    EXPECT_NEAR(far_cosine[i], cosine, 1e-6) << i;
  }
}

TEST(Rope, QuadrantBoundariesAreExact) {
  const Rope rope(1.0, 2);  // one pair, one radian per position
  float cosine, sine;
  rope.angles(0, &cosine, &sine);
  EXPECT_EQ(cosine, 1.0f);
  EXPECT_EQ(sine, 0.0f);
  for (std::uint64_t position = 1; position < 5000; ++position) {
    rope.angles(position, &cosine, &sine);
    EXPECT_NEAR(cosine * cosine + sine * sine, 1.0f, 3e-7f);
  }
}

TEST(Rope, RotatesHalves) {
  const float in[4] = {1, 2, 3, 4};
  const float cosine[2] = {0, 0.5f}, sine[2] = {1, 0.25f};
  float out[4];
  rotate(in, cosine, sine, 2, out);
  EXPECT_EQ(out[0], -3.0f);
  EXPECT_EQ(out[2], 1.0f);
  EXPECT_EQ(out[1], 0.0f);
  EXPECT_EQ(out[3], 2.5f);
}

// Part of the contract: these bits are the same everywhere.
TEST(Rope, KnownSteps) {
  const Rope rope(10000.0, 32);
  EXPECT_EQ(rope.step(0), 2935890503282001408u);
  EXPECT_EQ(rope.step(1), 1650972556229361664u);
  EXPECT_EQ(rope.step(15), 522083363211519u);
  const std::vector<double> thirds(16, 3.0);
  EXPECT_EQ(Rope(10000.0, 32, 7.0, thirds).step(1), 78617740772826736u);
}

}  // namespace
}  // namespace koan
