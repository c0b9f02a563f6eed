#include "ask/decision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/split_mix.h"

namespace koan::ask {
namespace {

void expect_valid(const Frequencies& frequencies) {
  EXPECT_EQ(std::accumulate(frequencies.begin(), frequencies.end(), std::uint64_t{0}), kCertain);
  for (const std::uint32_t frequency : frequencies) EXPECT_GE(frequency, 1u);
}

TEST(Decision, FrequenciesSumToCertain) {
  for (const std::uint32_t yes : {1u, 2u, 1024u, 32768u, 65534u, 65535u})
    for (const std::uint32_t unanswered : {1u, 256u, 32768u}) expect_valid(answer_frequencies(yes, unanswered));
  for (std::size_t count = 1; count < 70; ++count) {
    expect_valid(equal(count));
    expect_valid(with_first(count, 1));
    expect_valid(with_first(count, kCertain - 1024));
    expect_valid(candidate_frequencies(std::vector<std::uint32_t>(count, 1), 32768));
  }
  expect_valid(candidate_frequencies(std::vector<std::uint32_t>{63, 1}, 8192));
  EXPECT_EQ(candidate_frequencies(std::vector<std::uint32_t>{3, 1}, 8192), (Frequencies{43008, 14336, 8192}));
}

TEST(Decision, SharesAreRoundedOnceAndHaveAFloor) {
  EXPECT_EQ(share_of_yes(1, 1, 1024), 32768u);
  EXPECT_EQ(share_of_yes(0, 0, 1024), 32768u);
  EXPECT_EQ(share_of_yes(1, 0, 1024), 65536u - 1024);
  EXPECT_EQ(share_of_yes(0, std::uint64_t{1} << 40, 1024), 1024u);
  EXPECT_EQ(share_of_yes(1, 2, 1), 21845u);
  EXPECT_EQ(share_of_yes(2, 1, 1), 43691u);
}

TEST(Decision, CostIsTheLogarithm) {
  EXPECT_EQ(to_bits(cost_of(Frequencies{32768, 32768}, 0)), 1.0);
  EXPECT_EQ(to_bits(cost_of(Frequencies{65280, 256}, 1)), 8.0);
  EXPECT_NEAR(to_bits(cost_of(Frequencies{65280, 256}, 0)), std::log2(65536.0 / 65280), 1e-6);
}

double entropy(double p) { return -p * std::log2(p) - (1 - p) * std::log2(1 - p); }

TEST(Belief, InformationIsThatOfTheFormula) {
  std::uint64_t state = 7;
  SCOPED_TRACE("seed 7");
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = 2 + split_mix(state) % 6;
    Belief belief(n);
    std::vector<std::uint32_t> shares(n);
    for (int step = 0; step < 3; ++step) {
      for (std::uint32_t& share : shares)
        share = static_cast<std::uint32_t>(1024 + split_mix(state) % (kCertain - 2048));
      double total = 0, mean = 0, inside = 0;
      for (std::size_t k = 0; k < n; ++k) {
        const auto weight = static_cast<double>(belief.weights()[k]);
        total += weight;
        mean += weight * shares[k] / kCertain;
        inside += weight * entropy(shares[k] / double{kCertain});
      }
      EXPECT_NEAR(to_bits(belief.information(shares)), entropy(mean / total) - inside / total, 1e-4);
      belief.learn(shares, split_mix(state) % 2 == 0);
    }
  }
}

TEST(Belief, PrefersEvenSplitsAndLearns) {
  const std::uint32_t sure = kCertain - 1024, not_sure = 1024;
  const std::vector<std::uint32_t> even = {sure, sure, not_sure, not_sure}, odd = {sure, sure, sure, not_sure},
                                   nothing = {sure, sure, sure, sure}, vague(4, kCertain / 2);
  Belief belief(4);
  EXPECT_GT(belief.information(even), belief.information(odd));
  EXPECT_GT(belief.information(odd), belief.information(nothing));
  EXPECT_EQ(belief.information(nothing), 0u);
  EXPECT_EQ(belief.information(vague), 0u);
  EXPECT_EQ(belief.best(), 0u);
  belief.learn(even, false);
  EXPECT_EQ(belief.best(), 2u);
  // What was learned is not worth asking again.
  EXPECT_LT(belief.information(even) * 5, Belief(4).information(even));
  for (int i = 0; i < 1000; ++i) belief.learn(odd, true);
  for (const std::uint64_t weight : belief.weights()) EXPECT_GE(weight, 1u);
}

}  // namespace
}  // namespace koan::ask
