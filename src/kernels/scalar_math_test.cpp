#include "kernels/scalar_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace koan {
namespace {

// Against the processor's or the C library's, which both round once.
TEST(ScalarMath, FusedRoundsOnce) {
  std::mt19937 random(1);
  const auto any = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(random())); };
  for (int i = 0; i < 2000000; ++i) {
    const float a = any(), b = any();
    const float near = -a * b * (1 + static_cast<float>(static_cast<int>(random() % 5) - 2) * 0x1p-23f);
    const float tiny = std::ldexp(a * b, -static_cast<int>(random() % 60));
    for (const float c : {any(), near, tiny, 0x1p-149f, 0.0f, -0.0f}) {
      const float want = std::fma(a, b, c), got = fused(a, b, c);
      if (std::isnan(want))
        ASSERT_TRUE(std::isnan(got));
      else
        ASSERT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(want)) << a << ' ' << b << ' ' << c;
    }
  }
  // Halfway cases that double alone rounds twice.
  EXPECT_EQ(fused(1 + 0x1p-12f, 1 + 0x1p-12f, 0x1p-60f), std::fma(1 + 0x1p-12f, 1 + 0x1p-12f, 0x1p-60f));
  EXPECT_EQ(fused(1 + 0x1p-12f, 1 + 0x1p-12f, -0x1p-60f), std::fma(1 + 0x1p-12f, 1 + 0x1p-12f, -0x1p-60f));
}

TEST(ScalarMath, GeluIsAccurate) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform(-12, 12);
  for (int i = 0; i < 100000; ++i) {
    const float x = uniform(random);
    const double g = x, inner = std::sqrt(2 / std::acos(-1.0)) * (g + 0.044715 * g * g * g);
    ASSERT_NEAR(gelu(x), g / (1 + std::exp(-2 * inner)), 6e-6 * std::fabs(g)) << x;
  }
  for (const float x : {0.0f, -0.0f, 30.0f, 1e20f, 3e38f}) EXPECT_EQ(gelu(x), x);
  EXPECT_NEAR(gelu(-30.0f), 0.0f, 1e-30f);
  EXPECT_TRUE(std::isnan(gelu(NAN)));
}

TEST(ScalarMath, SoftCapIsAccurate) {
  std::mt19937 random(3);
  for (const float cap : {0.5f, 30.0f, 50.0f}) {
    std::uniform_real_distribution<float> uniform(-5 * cap, 5 * cap);
    for (int i = 0; i < 50000; ++i) {
      const float x = uniform(random);
      ASSERT_NEAR(soft_cap(x, cap), cap * std::tanh(static_cast<double>(x) / cap), 3e-7 * cap) << x;
    }
    EXPECT_EQ(soft_cap(INFINITY, cap), cap);
    EXPECT_EQ(soft_cap(-INFINITY, cap), -cap);
    EXPECT_EQ(soft_cap(0.0f, cap), 0.0f);
    EXPECT_TRUE(std::isnan(soft_cap(NAN, cap)));
  }
}

TEST(ScalarMath, WhatIsNotFinite) {
  EXPECT_EQ(finite_or_least(INFINITY), -0x1p120f);
  EXPECT_EQ(finite_or_least(-INFINITY), -0x1p120f);
  EXPECT_EQ(finite_or_least(NAN), -0x1p120f);
  EXPECT_EQ(finite_or_least(-3.5f), -3.5f);
  EXPECT_TRUE(std::isnan(exp_exact(NAN)));
  EXPECT_EQ(exp_exact(-INFINITY), 0.0f);
  EXPECT_EQ(exp_exact(INFINITY), exp_exact(88.0f));
}

}  // namespace
}  // namespace koan
