#include "chat/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

namespace koan {
namespace {

std::map<Token, double> shares(const Sampling& sampling, const std::vector<std::uint32_t>& freqs, int draws = 40000) {
  Sampler sampler(sampling, 7);
  std::map<Token, double> out;
  for (int i = 0; i < draws; ++i) out[sampler.pick(freqs)] += 1.0 / draws;
  return out;
}

TEST(FixedPoint, FollowsTheRealFunctions) {
  for (std::uint32_t x = 1; x < 0x80000000u; x += x / 3 + 1) {
    const double error = std::log2(static_cast<double>(x)) * (1 << 24) - log2_fixed(x);
    EXPECT_GE(error, -1e-3) << x;  // rounded down
    EXPECT_LT(error, 2.5) << x;
  }
  EXPECT_EQ(log2_fixed(1), 0u);
  EXPECT_EQ(log2_fixed(1u << 30), 30u << 24);
  for (std::uint64_t x = 0; x < std::uint64_t{30} << 24; x += 999983) {
    const double real = std::exp2(40 - static_cast<double>(x) / (1 << 24));
    EXPECT_NEAR(static_cast<double>(exp2_fixed(x)), real, 2 + real * 1e-15) << x;
  }
  EXPECT_EQ(exp2_fixed(0), std::uint64_t{1} << 40);
  EXPECT_EQ(exp2_fixed(std::uint64_t{3} << 24), std::uint64_t{1} << 37);
  EXPECT_EQ(exp2_fixed(std::uint64_t{40} << 24), 0u);
}

TEST(Sampler, DrawsInProportion) {
  const std::vector<std::uint32_t> freqs = {100, 0, 300, 600};
  const auto plain = shares({}, freqs);
  EXPECT_EQ(plain.count(1), 0u);
  EXPECT_NEAR(plain.at(0), 0.1, 0.01);
  EXPECT_NEAR(plain.at(2), 0.3, 0.01);
  EXPECT_NEAR(plain.at(3), 0.6, 0.01);
  const auto cold = shares({.temperature = kOne / 2}, freqs);  // squares: 1 : 9 : 36
  EXPECT_NEAR(cold.at(0), 1 / 46.0, 0.01);
  EXPECT_NEAR(cold.at(3), 36 / 46.0, 0.01);
  const auto hot = shares({.temperature = 2 * kOne}, freqs);  // roots
  EXPECT_NEAR(hot.at(0), 10 / (10 + 17.32 + 24.49), 0.01);
}

TEST(Sampler, CutsByRank) {
  const std::vector<std::uint32_t> freqs = {50, 400, 100, 400, 50};
  EXPECT_EQ(shares({.top_k = 2}, freqs).size(), 2u);
  EXPECT_NEAR(shares({.top_k = 1}, freqs).at(1), 1, 1e-9);
  EXPECT_EQ(shares({.top_p = kOne * 4 / 10}, freqs).size(), 1u);  // exactly reached by the first
  EXPECT_EQ(shares({.top_p = kOne * 4 / 10 + 1}, freqs).size(), 2u);
  EXPECT_EQ(shares({.top_p = 1}, freqs).size(), 1u);  // never nothing
  EXPECT_EQ(shares({.min_p = kOne / 4}, freqs).size(), 3u);
  EXPECT_EQ(shares({.min_p = kOne / 4 + 1}, freqs).size(), 2u);
  EXPECT_EQ(shares({.top_k = 3, .top_p = kOne * 85 / 100, .min_p = kOne / 2}, freqs).size(), 2u);
}

TEST(Sampler, GreedyTakesTheFirstOfEquals) {
  Sampler sampler({.temperature = 0, .top_k = 1}, 1);
  EXPECT_EQ(sampler.pick(std::vector<std::uint32_t>{3, 9, 9, 1}), 1u);
}

// The draws are part of what question asking agrees on: they never change.
TEST(Sampler, DrawsAreFrozen) {
  std::vector<std::uint32_t> freqs(1000);
  for (std::uint32_t i = 0; i < 1000; ++i) freqs[i] = 1 + (i * 2654435761u >> 18);
  const auto draw = [&](const Sampling& sampling) {
    Sampler sampler(sampling, 42);
    std::vector<Token> out;
    for (int i = 0; i < 8; ++i) out.push_back(sampler.pick(freqs));
    return out;
  };
  // Also what exact arithmetic in Python gives.
  EXPECT_EQ(draw({}), (std::vector<Token>{742, 160, 279, 344, 39, 869, 219, 802}));
  EXPECT_EQ(draw({.temperature = kOne * 7 / 10, .top_k = 40, .top_p = kOne * 95 / 100, .min_p = kOne / 20}),
            (std::vector<Token>{76, 288, 809, 953, 377, 974, 55, 830}));
  EXPECT_EQ(draw({.temperature = kOne / 4}), (std::vector<Token>{744, 160, 283, 346, 42, 872, 220, 804}));
}

TEST(Sampler, ProbabilitiesAtTheEdges) {
  // One token with nearly everything, at a low temperature: the others vanish and nothing overflows.
  std::vector<std::uint32_t> freqs(1 << 18, 1);
  freqs[77] = (1u << 31) - (1u << 18) - 1;
  EXPECT_NEAR(shares({.temperature = 1}, freqs, 20).at(77), 1, 1e-9);
  // At a high one they are nearly equal: twenty draws of 262144 do not meet the one.
  EXPECT_EQ(shares({.temperature = 100 * kOne}, freqs, 20).count(77), 0u);
}

}  // namespace
}  // namespace koan
