#include "codec/history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codec/token_step.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

TEST(Logistic, SquashAndStretchAreInverseAndMonotone) {
  for (std::int32_t x = -kStretchLimit; x < kStretchLimit; ++x) {
    ASSERT_LE(squash(x), squash(x + 1));
    ASSERT_NEAR(squash(x), 65536.0 / (1.0 + std::exp(-x / 256.0)), 1.0);
  }
  for (std::uint32_t p = 1; p < 65536; ++p) {
    ASSERT_NEAR(static_cast<double>(squash(stretch(p))), p, 65536 * 0.002) << p;
    if (p > 1) {
      ASSERT_GE(stretch(p), stretch(p - 1));
    }
  }
}

TEST(AdaptiveBit, FollowsTheRate) {
  std::mt19937 rng(5);
  AdaptiveBit bit;
  for (int i = 0; i < 5000; ++i) bit.update(rng() % 10 == 0, 255);
  EXPECT_NEAR(bit.p16 / 65536.0, 0.1, 0.06);
}

TEST(History, ProposesWhatFollowedBefore) {
  History history(10000);
  const std::vector<Token> phrase{11, 12, 13, 14, 15, 16, 17, 18};
  for (Token t : phrase) history.update(t);
  for (Token t : {500u, 501u}) history.update(t);
  std::array<Candidate, kMaxCandidates> out;
  for (std::size_t i = 0; i + 1 < phrase.size(); ++i) {
    history.update(phrase[i]);
    const std::size_t n = history.candidates(out);
    ASSERT_GE(n, 1u);
    EXPECT_EQ(out[0].token, phrase[i + 1]);
    EXPECT_EQ(n, 1u) << "one token, offered once";
    EXPECT_EQ(out[0].source == 0, i >= 3) << "a match needs four tokens";
  }
}

TEST(CandidateModel, LearnsThatASourceIsRightOrWrong) {
  CandidateModel model;
  const Candidate good{1, 0, 5}, bad{2, 3, 0};
  for (int i = 0; i < 300; ++i) {
    model.probability(good, 100, 10000);
    model.update(true);
    model.probability(bad, 3000, 10000);
    model.update(false);
  }
  EXPECT_GT(model.probability(good, 100, 10000), 62000u);
  EXPECT_LT(model.probability(bad, 3000, 10000), 3000u);
}

// Tokens with repetitions, coded with random frequencies: both directions agree, and the size is the ideal one.
TEST(TokenStep, RoundTripsWithArbitraryFrequencies) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 rng(seed);
  const Kernels& kernels = *kernels_for("scalar").value();
  const std::uint32_t vocabulary = 300;
  std::vector<Token> tokens;
  for (int i = 0; i < 5000; ++i) {
    tokens.push_back(tokens.size() > 60 && rng() % 8 ? tokens[tokens.size() - 50]
                                                     : static_cast<Token>(rng() % vocabulary));
  }
  std::vector<std::vector<std::uint32_t>> distributions(64, std::vector<std::uint32_t>(vocabulary));
  std::vector<std::uint32_t> totals;
  for (auto& freqs : distributions) {
    std::uint32_t total = 0;
    for (auto& f : freqs) total += f = 1 + static_cast<std::uint32_t>(rng() % (rng() % 5 ? 2 : 4000000));
    totals.push_back(total);
  }
  RangeEncoder encoder;
  TokenStep step(kernels, 15000);
  double ideal = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto freqs = distributions[i % 64];
    ideal += step.encode({freqs, totals[i % 64]}, tokens[i], encoder);
  }
  encoder.finish();
  EXPECT_LE(8.0 * static_cast<double>(encoder.bytes().size()), ideal * 1.0001 + 32);
  EXPECT_LT(8.0 * static_cast<double>(encoder.bytes().size()), 5000 * 5.0) << "repetitions must be noticed";

  RangeDecoder decoder(encoder.bytes());
  TokenStep back(kernels, 15000);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto freqs = distributions[i % 64];
    ASSERT_EQ(back.decode({freqs, totals[i % 64]}, decoder), tokens[i]) << i;
  }
  EXPECT_EQ(decoder.finish(), encoder.bytes().size());
}

}  // namespace
}  // namespace koan
