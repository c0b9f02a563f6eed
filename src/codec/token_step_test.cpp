#include "codec/token_step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "formats/part.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

// Single bytes, longer tokens over few letters (many begin one another), two of equal bytes, two special ones.
Tokenizer small_vocabulary() {
  Tokenizer::Parts parts;
  parts.tokens.push_back("<|bos|>");
  for (int b = 0; b < 256; ++b) parts.tokens.push_back(std::string(1, static_cast<char>(b)));
  for (const char* text :
       {"a",    "aa",  "aaa",  "aaaa", "ab",    "aba",    "abab",     "ba",       "bab",  "b ", " a",   " ab",
        " abc", "the", "then", " the", " then", " there", "\xC3\xA4", "\xC3\xB6", "\n\n", "aa", "    ", "  "})
    parts.tokens.push_back(text);
  parts.is_special.resize(parts.tokens.size(), 0);
  parts.is_special[0] = 1;
  parts.tokens.push_back("<|end|>");
  parts.is_special.push_back(1);
  auto tokenizer = Tokenizer::from_parts(std::move(parts));
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

struct Distribution {
  std::vector<std::uint32_t> freqs;
  std::uint32_t total = 0;
  Frequencies view() const { return {freqs, total}; }
};

// From even ones to those of one token alone; frequencies as the model's: at least 1, the sum below 2^31.
Distribution random_distribution(std::mt19937& rng, std::size_t size) {
  Distribution out{std::vector<std::uint32_t>(size), 0};
  const auto kind = rng() % 4;
  for (auto& f : out.freqs) {
    f = 1;
    if (kind == 0) f += static_cast<std::uint32_t>(rng() % 4000000);
    if (kind == 1) f += static_cast<std::uint32_t>(std::exp(static_cast<double>(rng() % 1500) / 100));
    if (kind == 2) f += rng() % 20 == 0 ? static_cast<std::uint32_t>(rng() % 1000000) : 0;
  }
  if (kind == 3) out.freqs[rng() % size] = 1u << 30;
  for (const std::uint32_t f : out.freqs) out.total += f;
  return out;
}

class TokenStepTest : public testing::Test {
 protected:
  TokenStep step(std::uint32_t predictors, std::uint64_t bytes) const {
    if (predictors == 0) return TokenStep(std::nullopt);
    return TokenStep(BitPredictor({PredictorMode::kTokens, predictors, tables_.kernels}, bytes));
  }
  // Any token that can be coded.
  Token random_token(std::mt19937& rng) const {
    return tree_.token_at(static_cast<std::uint32_t>(rng() % tree_.size()));
  }
  // Mostly what came some tokens before, so that there is something to learn.
  std::vector<Token> random_tokens(std::mt19937& rng, std::size_t n) const {
    std::vector<Token> out;
    while (out.size() < n) out.push_back(out.size() > 60 && rng() % 8 ? out[out.size() - 50] : random_token(rng));
    return out;
  }

  Tokenizer tokenizer_ = small_vocabulary();
  VocabularyTree tree_{tokenizer_};
  TokenTables tables_{kernels_for("scalar").value(), &tree_, &tokenizer_, {}};
};

// What the coder is given for each decision of each of a million states: both outcomes possible, together the whole.
TEST_F(TokenStepTest, DecisionsAddUpInAMillionStates) {
  constexpr std::size_t kStates = 1000000;
  std::mt19937 rng(2024);
  std::vector<std::uint32_t> sums;
  std::size_t states = 0;
  std::array<std::size_t, 16> seen{};
  while (states < kStates) {
    const std::uint32_t predictors = rng() % 3 ? kPredictorsAll : static_cast<std::uint32_t>(rng()) & kPredictorsAll;
    BitPredictor predictor({PredictorMode::kTokens, predictors, tables_.kernels}, 4096);
    const bool repetitive = rng() & 1;
    Token habit = random_token(rng);
    for (int n = 0; n < 500; ++n) {
      const Distribution model = random_distribution(rng, tokenizer_.size());
      if (!repetitive || rng() % 30 == 0) habit = random_token(rng);
      const Token token = rng() % 16 ? habit : random_token(rng);
      const ByteView bytes = tokenizer_.bytes(token);
      const std::uint32_t rank = tree_.rank_of(token);
      tree_.prefix_sums(model.freqs.data(), sums);
      ASSERT_LE(sums.back(), model.total);
      std::uint32_t low = 0, high = tree_.size();
      for (std::int32_t index = tree_.root(); index >= 0;) {
        const VocabularyTree::Node& node = tree_.node(index);
        const bool end = node.bit == VocabularyTree::kEnd, upper = rank >= node.middle;
        const std::uint32_t below = sums[node.middle] - sums[low], above = sums[high] - sums[node.middle];
        ASSERT_EQ(below + above, sums[high] - sums[low]) << "the model's masses";
        while (predictor.bits_in_token() < node.byte * 8 + (end ? 0 : 7u - node.bit)) {
          const std::uint32_t at = predictor.bits_in_token();
          predictor.skip_bit(bytes[at / 8] >> (7 - at % 8) & 1);
        }
        const ModelOpinion opinion{std::clamp((end ? below : above) / ((below + above) / 65536 + 1), 1u, 65535u),
                                   static_cast<std::uint32_t>(index) + 1};
        const std::uint32_t yes = end ? predictor.predict_end(opinion) : predictor.predict_bit(opinion);
        ASSERT_GE(yes, 1u);
        ASSERT_LE(yes, 65535u);
        const std::uint32_t no = 65536 - yes;
        ASSERT_EQ(yes + no, 65536u);
        ++seen[yes / 4096];
        ++states;
        predictor.update(upper != end);
        (upper ? low : high) = node.middle;
        index = upper ? node.right : node.left;
      }
      while (predictor.bits_in_token() < bytes.size() * 8) {
        const std::uint32_t at = predictor.bits_in_token();
        predictor.skip_bit(bytes[at / 8] >> (7 - at % 8) & 1);
      }
      predictor.end_token(rank);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_GT(seen[i], 1000u) << "states of all kinds: sixteenth " << i;
}

// The same through the coder's own path: of one state, what all tokens together would cost is one symbol's worth.
TEST_F(TokenStepTest, ProbabilitiesOfAllTokensAddUpToOne) {
  std::mt19937 rng(7);
  for (const std::uint32_t predictors : {0u, 1u, 17u, kPredictorsAll}) {
    TokenStep trained = step(predictors, 4096), copy = trained;
    RangeEncoder coder;
    for (int state = 0; state < 12; ++state) {
      SCOPED_TRACE(std::to_string(predictors) + " state " + std::to_string(state));
      for (const Token token : random_tokens(rng, 100))
        trained.encode(tables_, random_distribution(rng, tokenizer_.size()).view(), token, coder);
      const Distribution next = random_distribution(rng, tokenizer_.size());
      double sum = 0;
      if (predictors == 0) {
        for (Token t = 0; t < tokenizer_.size(); ++t) {
          RangeEncoder out;
          sum += std::exp2(-step(0, 0).encode(tables_, next.view(), t, out));
        }
      } else {
        for (std::uint32_t rank = 0; rank < tree_.size(); ++rank) {
          copy = trained;
          RangeEncoder out;
          sum += std::exp2(-copy.encode(tables_, next.view(), tree_.token_at(rank), out));
        }
      }
      EXPECT_NEAR(sum, 1, 1e-9);
    }
  }
}

// With distributions that mean nothing: both directions agree, and the size is the ideal one.
TEST_F(TokenStepTest, RoundTripsWithArbitraryFrequencies) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 rng(seed);
  const std::vector<Token> tokens = random_tokens(rng, 4000);
  std::vector<Distribution> models;
  for (int i = 0; i < 64; ++i) models.push_back(random_distribution(rng, tokenizer_.size()));
  for (std::uint32_t predictors : {0u, 1u, 2u, 4u, 8u, 16u, 32u, kPredictorsAll}) {
    SCOPED_TRACE(predictors);
    RangeEncoder encoder;
    TokenStep forth = step(predictors, 65536), back = step(predictors, 65536);
    double ideal = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i)
      ideal += forth.encode(tables_, models[i % 64].view(), tokens[i], encoder);
    encoder.finish();
    EXPECT_LE(static_cast<double>(encoder.bytes().size()), ideal / 8 * 1.0001 + 4);
    EXPECT_GE(static_cast<double>(encoder.bytes().size()), ideal / 8 * 0.9999 - 4);
    RangeDecoder decoder(encoder.bytes());
    for (std::size_t i = 0; i < tokens.size(); ++i)
      ASSERT_EQ(back.decode(tables_, models[i % 64].view(), decoder), tokens[i]) << i;
    EXPECT_EQ(decoder.finish(), encoder.bytes().size());
  }
}

TEST_F(TokenStepTest, RepetitionsAreNoticed) {
  std::mt19937 rng(5);
  const std::vector<Token> tokens = random_tokens(rng, 4000);
  const Distribution even{std::vector<std::uint32_t>(tokenizer_.size(), 4000000),
                          static_cast<std::uint32_t>(4000000 * tokenizer_.size())};
  const auto bits = [&](std::uint32_t predictors) {
    TokenStep one = step(predictors, 65536);
    RangeEncoder coder;
    double out = 0;
    for (const Token token : tokens) out += one.encode(tables_, even.view(), token, coder);
    return out;
  };
  EXPECT_LT(bits(kPredictorsAll), bits(0) * 0.6);
}

// A token that was observed is known, as one that was coded is.
TEST_F(TokenStepTest, ObservedTokensAreHistory) {
  std::mt19937 rng(6);
  std::vector<Token> tokens;
  for (int i = 0; i < 300; ++i) tokens.push_back(random_token(rng));
  BitPredictor predictor({PredictorMode::kTokens, kPredictorsAll, tables_.kernels}, 65536);
  for (const Token token : tokens) observe_token(predictor, tables_, token);
  const Distribution even{std::vector<std::uint32_t>(tokenizer_.size(), 4000000),
                          static_cast<std::uint32_t>(4000000 * tokenizer_.size())};
  TokenStep fresh = step(kPredictorsAll, 65536), primed(predictor);
  RangeEncoder coder;
  double before = 0, after = 0;
  for (const Token token : tokens) {
    before += fresh.encode(tables_, even.view(), token, coder);
    after += primed.encode(tables_, even.view(), token, coder);
  }
  EXPECT_LT(after, before / 2);
}

}  // namespace
}  // namespace koan
