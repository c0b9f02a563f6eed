#include "predict/bit_predictor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "predict/test_kernels.h"
#include "text/tokenizer.h"

namespace koan {
namespace {

constexpr std::uint32_t kAll = 63;
constexpr PredictorMode kBoth[] = {PredictorMode::kTokens, PredictorMode::kBytes};

BitPredictor predictor_of(PredictorMode mode, std::uint64_t bytes, std::uint32_t predictors = kAll,
                          const Kernels& kernels = scalar()) {
  return BitPredictor({mode, predictors, &kernels}, bytes);
}

Bytes random_text(std::size_t bytes, unsigned seed, unsigned letters = 256) {
  std::mt19937 rng(seed);
  Bytes out(bytes);
  for (auto& b : out) b = static_cast<std::uint8_t>(letters == 256 ? rng() : 'a' + rng() % letters);
  return out;
}

// Words of a small vocabulary, in any order: the letters of a word follow from its first ones.
Bytes words(std::size_t bytes, unsigned seed) {
  static constexpr const char* kWords[] = {"predict", "history", "mixture", "answer", "context", "little", "number"};
  std::mt19937 rng(seed);
  std::string out;
  while (out.size() < bytes) out += std::string(kWords[rng() % std::size(kWords)]) + (rng() % 9 ? " " : "\n");
  out.resize(bytes);
  return {as_bytes(out).begin(), as_bytes(out).end()};
}

using Opinion = std::function<ModelOpinion(bool bit)>;
const Opinion kNone = [](bool) { return ModelOpinion{}; };

void append(std::vector<std::uint32_t>* out, std::uint32_t p16) {
  ASSERT_GE(p16, 1u);
  ASSERT_LE(p16, 65535u);
  if (out) out->push_back(p16);
}

double cost(bool bit, std::uint32_t p16) { return -std::log2((bit ? p16 : 65536 - p16) / 65536.0); }

// Predicts and learns all bits of a text, whose tokens are of `token_bytes` (0: none end); returns the bits it costs.
double code(BitPredictor& predictor, ByteView text, std::vector<std::uint32_t>* probabilities = nullptr,
            std::uint32_t token_bytes = 0, const Opinion& model = kNone) {
  double out = 0;
  for (const std::uint8_t byte : text) {
    for (int shift = 7; shift >= 0; --shift) {
      const bool bit = (byte >> shift & 1) != 0;
      const std::uint32_t p16 = predictor.predict_bit(model(bit));
      append(probabilities, p16);
      out += cost(bit, p16);
      predictor.update(bit);
    }
    if (token_bytes == 0) continue;
    const bool end = predictor.bits_in_token() == token_bytes * 8;
    const std::uint32_t p16 = predictor.predict_end(model(end));
    append(probabilities, p16);
    out += cost(end, p16);
    predictor.update(end);
    if (end) predictor.end_token(byte);
  }
  return out;
}

TEST(StartValues, AreWithinWhatTheMixerTakes) {
  for (const PredictorMode mode : kBoth) {
    const StartValues& start = start_values(mode);
    for (const std::int16_t w : start.weights) ASSERT_LT(std::abs(w), 1 << 14) << "its products would overflow";
    EXPECT_GT(std::ranges::count_if(start.weights, [](std::int16_t w) { return w != 0; }), 1000);
  }
}

TEST(BitPredictor, EncoderAndDecoderSeeTheSame) {
  const Bytes text = words(6000, 1);
  for (const PredictorMode mode : kBoth) {
    BitPredictor a = predictor_of(mode, 8192), b = predictor_of(mode, 8192);
    std::vector<std::uint32_t> x, y;
    const std::uint32_t token_bytes = mode == PredictorMode::kTokens ? 3 : 0;
    code(a, text, &x, token_bytes);
    code(b, text, &y, token_bytes);
    EXPECT_TRUE(x == y);
  }
}

TEST(BitPredictor, IsTheSameWithAllKernels) {
  Bytes text = words(3000, 2);
  for (const std::uint8_t byte : random_text(1000, 3)) text.push_back(byte);
  for (const PredictorMode mode : kBoth) {
    std::vector<std::uint32_t> first;
    for (const Kernels* kernels : kernels_here()) {
      BitPredictor predictor = predictor_of(mode, 4096, kAll, *kernels);
      std::vector<std::uint32_t> out;
      code(predictor, text, &out, mode == PredictorMode::kTokens ? 3 : 0);
      if (first.empty()) first = out;
      EXPECT_TRUE(out == first) << kernels->name;
    }
  }
}

TEST(BitPredictor, PredictingTwiceChangesNothing) {
  BitPredictor once = predictor_of(PredictorMode::kTokens, 1024), twice = predictor_of(PredictorMode::kTokens, 1024);
  std::mt19937 rng(6);
  for (const std::uint8_t byte : words(600, 4)) {
    for (int shift = 7; shift >= 0; --shift) {
      const ModelOpinion opinion{1 + static_cast<std::uint32_t>(rng() % 65535), static_cast<std::uint32_t>(rng() % 99)};
      const std::uint32_t p16 = once.predict_bit(opinion);
      ASSERT_EQ(twice.predict_bit(opinion), p16);
      ASSERT_EQ(twice.predict_bit(opinion), p16);
      once.update(byte >> shift & 1);
      twice.update(byte >> shift & 1);
    }
  }
}

TEST(BitPredictor, ACopyGoesOnFromTheSameState) {
  const Bytes text = words(4000, 5), other = random_text(2000, 6);
  for (const PredictorMode mode : kBoth) {
    const std::uint32_t token_bytes = mode == PredictorMode::kTokens ? 4 : 0;
    BitPredictor original = predictor_of(mode, 8192), reference = predictor_of(mode, 8192);
    code(original, text, nullptr, token_bytes);
    code(reference, text, nullptr, token_bytes);
    BitPredictor copy = original;
    // What the original learns afterwards is nothing to the copy.
    code(original, other, nullptr, token_bytes);
    std::vector<std::uint32_t> x, y;
    code(copy, text, &x, token_bytes);
    code(reference, text, &y, token_bytes);
    EXPECT_TRUE(x == y);
  }
}

TEST(BitPredictor, LearnsWhatRepeats) {
  const Bytes text = random_text(2000, 7);
  for (const PredictorMode mode : kBoth) {
    BitPredictor predictor = predictor_of(mode, 4096);
    const double first = code(predictor, text), second = code(predictor, text);
    EXPECT_LT(first, 16000 * 1.06) << "noise must not cost much more than it is";
    EXPECT_GT(first, 16000 * 0.98);
    EXPECT_LT(second, first / 25);
  }
}

TEST(BitPredictor, KnowsWhatItObserved) {
  const Bytes text = words(3000, 8), noise = random_text(700, 9);
  for (const PredictorMode mode : kBoth) {
    const std::uint32_t token_bytes = mode == PredictorMode::kTokens ? 4 : 0;
    for (const Bytes* observed : {&text, &noise}) {
      BitPredictor fresh = predictor_of(mode, 8192), primed = predictor_of(mode, 8192);
      std::uint32_t in_token = 0;
      for (const std::uint8_t byte : *observed) {
        primed.observe(byte);
        if (token_bytes == 0) continue;
        primed.observe_end(++in_token == token_bytes);
        if (in_token < token_bytes) continue;
        primed.end_token(byte);
        in_token = 0;
      }
      const ByteView text_again = ByteView(*observed).first(500);
      EXPECT_LT(code(primed, text_again, nullptr, token_bytes), code(fresh, text_again, nullptr, token_bytes) * 0.5);
    }
  }
}

TEST(BitPredictor, TheEndOfATokenCanBeKnown) {
  // Tokens of five bytes, whatever the bytes are.
  BitPredictor predictor = predictor_of(PredictorMode::kTokens, 8192);
  code(predictor, words(4000, 10), nullptr, 5);
  double wrong = 0;
  std::uint32_t at = 0;
  for (const std::uint8_t byte : words(500, 10)) {
    code(predictor, ByteView(&byte, 1));
    const bool end = ++at % 5 == 0;
    const std::uint32_t p16 = predictor.predict_end({});
    wrong += cost(end, p16) / 500;
    predictor.update(end);
    if (end) predictor.end_token(byte);
  }
  EXPECT_LT(wrong, 0.1);
}

TEST(BitPredictor, KnowsTheTokenEndsThatItObserved) {
  BitPredictor predictor = predictor_of(PredictorMode::kTokens, 8192);
  const Bytes text = words(3000, 10);
  const auto is_end = [](std::uint8_t byte) { return byte == ' ' || byte == '\n'; };
  for (const std::uint8_t byte : text) {
    predictor.observe(byte);
    predictor.observe_end(is_end(byte));
    if (is_end(byte)) predictor.end_token(byte);
  }
  double wrong = 0;
  for (const std::uint8_t byte : ByteView(text).first(300)) {
    code(predictor, ByteView(&byte, 1));
    const std::uint32_t p16 = predictor.predict_end({});
    wrong += cost(is_end(byte), p16) / 300;
    predictor.update(is_end(byte));
    if (is_end(byte)) predictor.end_token(byte);
  }
  EXPECT_LT(wrong, 0.1);
}

// Each byte is one of two that the last one names, anywhere in 0..255: all eight bits need histories of their own.
TEST(BitPredictor, HistoriesOfAllBitsAreApart) {
  const Bytes table = random_text(512, 30);
  std::mt19937 rng(31);
  Bytes text{0};
  while (text.size() < 30000) text.push_back(table[text.back() * 2 + (rng() & 1)]);
  for (const PredictorMode mode : kBoth) {
    BitPredictor predictor = predictor_of(mode, 32768, kPredictBytes);
    code(predictor, ByteView(text).first(20000));
    EXPECT_LT(code(predictor, ByteView(text).subspan(20000)) / 10000, 1.2) << "its entropy is 1";
  }
}

// Start values that say nothing: what a history means is learned too.
TEST(BitPredictor, LearnsWhatHistoriesMean) {
  const Bytes text = words(6000, 32);
  for (const PredictorMode mode : kBoth) {
    StartValues start = start_values(mode);
    for (auto& decisions : start.by_history) {
      for (auto& context : decisions) context.fill(32768);
    }
    for (auto& decisions : start.by_both) {
      for (auto& context : decisions) context.fill(32768);
    }
    BitPredictor none({mode, 0, &scalar()}, text.size(), start);
    BitPredictor bytes({mode, kPredictBytes, &scalar()}, text.size(), start);
    EXPECT_LT(code(bytes, text), code(none, text) * 0.6);
  }
}

// The model's opinion is what there is without predictors, and where nothing is known.
TEST(BitPredictor, HeedsTheModel) {
  std::mt19937 rng(11);
  const Bytes text = random_text(3000, 12);
  const Opinion knowing = [&](bool bit) {
    const bool says = rng() % 50 == 0 ? !bit : bit;  // right 98 times of 100, and says so
    return ModelOpinion{says ? 64225u : 1311u, 0};
  };
  for (const std::uint32_t predictors : {0u, kAll}) {
    BitPredictor predictor = predictor_of(PredictorMode::kTokens, 4096, predictors);
    EXPECT_NEAR(code(predictor, text, nullptr, 0, knowing) / 24000, 0.1414, 0.02) << predictors;  // its entropy
  }
}

// ---- Each predictor alone, on what it is for.

double cost_with(PredictorMode mode, std::uint32_t predictors, ByteView text, std::uint32_t token_bytes = 0,
                 const Opinion& model = kNone) {
  BitPredictor predictor = predictor_of(mode, text.size(), predictors);
  return code(predictor, text, nullptr, token_bytes, model);
}

TEST(PredictorMask, TurnsTheMatchModelOnAndOff) {
  Bytes text = random_text(1500, 13);
  text.insert(text.end(), text.begin(), text.begin() + 1500);
  for (const PredictorMode mode : kBoth) {
    EXPECT_GT(cost_with(mode, 0, text), 23000);
    EXPECT_LT(cost_with(mode, kPredictMatch, text), 14000);
    EXPECT_LT(cost_with(mode, kAll, text), cost_with(mode, kAll & ~kPredictMatch, text) * 0.7);
  }
}

TEST(PredictorMask, TurnsContextsOfBytesAndWordsOnAndOff) {
  const Bytes text = words(6000, 14);
  for (const PredictorMode mode : kBoth) {
    const double none = cost_with(mode, 0, text);
    for (const std::uint32_t kind : {kPredictBytes, kPredictWords})
      EXPECT_LT(cost_with(mode, kind, text), none * 0.5) << kind;
  }
}

TEST(PredictorMask, TurnsContextsOfTokensOnAndOff) {
  const Bytes text = words(6000, 15);
  EXPECT_LT(cost_with(PredictorMode::kTokens, kPredictTokens, text, 3),
            cost_with(PredictorMode::kTokens, 0, text, 3) * 0.7);
  EXPECT_EQ(cost_with(PredictorMode::kBytes, kPredictTokens, text), cost_with(PredictorMode::kBytes, 0, text))
      << "there are no tokens";
}

TEST(PredictorMask, TurnsTheBiasOnAndOff) {
  // At place 5 the model is always sure of a 1 and always wrong; elsewhere it is right.
  const Bytes text = random_text(1500, 16);
  std::mt19937 rng(17);
  const Opinion model = [&](bool bit) {
    const bool misled = rng() & 1;
    return ModelOpinion{bit != misled ? 60000u : 5536u, misled ? 5u : 6u};
  };
  const double without = cost_with(PredictorMode::kTokens, 0, text, 0, model);
  EXPECT_LT(cost_with(PredictorMode::kTokens, kPredictBias, text, 0, model), without * 0.5);
}

TEST(PredictorMask, TurnsCalibrationOnAndOff) {
  for (const PredictorMode mode : kBoth) {
    std::vector<std::uint32_t> with, without;
    const Bytes text = words(1000, 18);
    BitPredictor on = predictor_of(mode, 1024, kAll), off = predictor_of(mode, 1024, kAll & ~kPredictCalibration);
    code(on, text, &with);
    code(off, text, &without);
    EXPECT_FALSE(with == without);
  }
}

TEST(PredictorMask, OffMeansThatNothingIsSeen) {
  // Only the masked-out part of the history differs: the predictions must not.
  const Bytes one = random_text(64, 19), other = random_text(64, 20);
  for (const PredictorMode mode : kBoth) {
    BitPredictor a = predictor_of(mode, 1024, kPredictBias), b = predictor_of(mode, 1024, kPredictBias);
    for (const std::uint8_t byte : one) a.observe(byte);
    for (const std::uint8_t byte : other) b.observe(byte);
    a.observe('x');
    b.observe('x');
    const Bytes text = random_text(64, 21);
    EXPECT_EQ(code(a, text), code(b, text));
  }
}

}  // namespace
}  // namespace koan
