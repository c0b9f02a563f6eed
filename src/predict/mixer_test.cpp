#include "predict/mixer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "predict/logistic.h"
#include "predict/test_kernels.h"

namespace koan {
namespace {

using Selectors = std::array<std::uint32_t, kMixSets>;
using Start = std::vector<std::int16_t>;

constexpr std::size_t kFinalBegin = kMixWeights - kFinalSelectors * kMixSets;
constexpr std::int16_t kMostStart = (4 << 12) - 1;  // the largest weight, just below 4, as start values are written
constexpr std::int32_t kMostWeight = (4 << 16) - 1;

// Every input of a set weighs `input`, every set `set`.
Start start_of(std::int16_t input, std::int16_t set) {
  Start out(kMixWeights, input);
  std::fill(out.begin() + kFinalBegin, out.end(), set);
  return out;
}

// Every row with its own weights.
Start random_start(unsigned seed, int most) {
  std::mt19937 rng(seed);
  Start out(kMixWeights);
  for (auto& w : out)
    w = static_cast<std::int16_t>(static_cast<int>(rng() % (2 * static_cast<unsigned>(most) + 1)) - most);
  return out;
}

MixInputs random_inputs(std::mt19937& rng) {
  MixInputs out{};
  for (auto& x : out) {
    x = static_cast<std::int16_t>(static_cast<int>(rng() % (2 * kStretchLimit + 1)) - kStretchLimit);
    if (rng() % 4 == 0) x = static_cast<std::int16_t>(x < 0 ? -kStretchLimit : kStretchLimit);
    if (rng() % 8 == 0) x = 0;
  }
  return out;
}

Selectors random_selectors(std::mt19937& rng) {
  Selectors out{};
  for (std::size_t i = 0; i < kMixSets; ++i) out[i] = static_cast<std::uint32_t>(rng() % kMixSelectors[i]);
  return out;
}

TEST(Mixer, AddsUpWeightedLogits) {
  MixInputs inputs{};
  inputs[0] = 300;
  inputs[5] = -100;
  // Opinions are 300 * 0.5 - 100 * 0.5, each counted 0.2 times; shifts round down.
  Mixer mixer(start_of(2048, 820), scalar());
  EXPECT_NEAR(mixer.mix(inputs, {1, 2, 3, 4, 5}, 6), 100, 1);
  Start start(kMixWeights);
  start[(52 + 7) * kMixInputs + 5] = 8192;  // 2.0 for input 5 in row 7 of the second set
  start[kFinalBegin + 6 * kMixSets + 1] = 4096;
  Mixer one(start, scalar());
  EXPECT_EQ(one.mix(inputs, {0, 7, 0, 0, 0}, 6), -200);
  EXPECT_EQ(one.mix(inputs, {0, 8, 0, 0, 0}, 6), 0) << "another row";
  EXPECT_EQ(one.mix(inputs, {0, 7, 0, 0, 0}, 5), 0) << "another final row";
}

TEST(Mixer, LearnsWhichInputToTrust) {
  for (const int sign : {1, -1}) {
    SCOPED_TRACE(sign);
    Mixer mixer(start_of(400, 820), scalar());
    std::mt19937 rng(11);
    double early = 0, late = 0;
    for (int i = 0; i < 6000; ++i) {
      const bool bit = rng() & 1;
      MixInputs inputs{};
      inputs[2] = rng() & 1 ? 400 : -400;                                       // noise
      inputs[7] = static_cast<std::int16_t>((bit == (sign > 0)) ? 400 : -400);  // the truth, or its opposite
      const std::int32_t logit = mixer.mix(inputs, {}, 0);
      const std::uint32_t p = squash(logit);
      const double cost = -std::log2((bit ? p : 65536 - p) / 65536.0);
      (i < 1000 ? early : late) += i < 1000 || i >= 5000 ? cost : 0;
      mixer.update(inputs, bit);
    }
    EXPECT_LT(late, 0.1 * 1000);
    EXPECT_LT(late, early / 2);
    const auto weight = [&](std::size_t input) { return mixer.weights()[input]; };
    EXPECT_GT(sign * weight(7), 65536) << "more than it said of itself";
    EXPECT_LT(std::abs(weight(2)), std::abs(weight(7)) / 5);
  }
}

TEST(Mixer, LearnsOnlyInTheRowsThatWereChosen) {
  Mixer mixer(random_start(2, 1000), scalar());
  const std::vector<std::int32_t> before(mixer.weights().begin(), mixer.weights().end());
  const Selectors chosen{3, 100, 256, 0, 767};
  MixInputs inputs{};
  inputs.fill(100);
  for (int i = 0; i < 50; ++i) {
    mixer.mix(inputs, chosen, 33);
    mixer.update(inputs, true);
  }
  std::size_t begin = 0;
  for (std::size_t set = 0; set < kMixSets; ++set) {
    for (std::size_t row = 0; row < kMixSelectors[set]; ++row) {
      const std::size_t at = begin + row * kMixInputs;
      const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(at),
                                   before.begin() + static_cast<std::ptrdiff_t>(at + kMixInputs),
                                   mixer.weights().begin() + static_cast<std::ptrdiff_t>(at));
      EXPECT_EQ(same, row != chosen[set]) << "set " << set << " row " << row;
    }
    begin += kMixSelectors[set] * kMixInputs;
  }
  ASSERT_EQ(begin, kFinalBegin);
  for (std::size_t i = kFinalBegin; i < kMixWeights; ++i) {
    const bool was_chosen = (i - kFinalBegin) / kMixSets == 33;
    EXPECT_EQ(before[i] == mixer.weights()[i], !was_chosen) << i - kFinalBegin;
  }
}

// All at their limits, signs aligned so that every sum is as large as can be: run under -fsanitize=undefined.
TEST(Mixer, StaysInsideItsBounds) {
  for (const Kernels* kernels : kernels_here()) {
    for (const int weight_sign : {1, -1}) {
      for (const int input_sign : {1, -1}) {
        SCOPED_TRACE(std::string(kernels->name) + " " + std::to_string(weight_sign) + " " + std::to_string(input_sign));
        const auto w = static_cast<std::int16_t>(weight_sign * kMostStart);
        Mixer mixer(start_of(w, w), *kernels);
        MixInputs inputs{};
        inputs.fill(static_cast<std::int16_t>(input_sign * kStretchLimit));
        // An opinion and its weight have the signs of the weights and of their product with the input.
        EXPECT_EQ(mixer.mix(inputs, {}, 0), input_sign * kStretchLimit);
        for (int i = 0; i < 3000; ++i) {
          const std::int32_t logit = mixer.mix(inputs, {}, 0);
          ASSERT_LE(std::abs(logit), kStretchLimit);
          mixer.update(inputs, i < 1000 ? logit > 0 : i < 2000 ? logit <= 0 : (i & 1) != 0);
        }
        const auto [least, most] = std::minmax_element(mixer.weights().begin(), mixer.weights().end());
        EXPECT_GE(*least, -kMostWeight);
        EXPECT_LE(*most, kMostWeight);
      }
    }
  }
}

TEST(Mixer, KeepsTheWeightsOfSetsInside) {
  for (const bool bit : {true, false}) {
    // All sets say the same, and only one of them is believed.
    Start start = start_of(kMostStart, static_cast<std::int16_t>(-kMostStart));
    start[kFinalBegin] = kMostStart;
    Mixer mixer(start, scalar());
    MixInputs inputs{};
    inputs.fill(bit ? kStretchLimit : -kStretchLimit);
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(mixer.mix(inputs, {}, 0) < 0, bit) << "the sets are right, together they are wrong";
      mixer.update(inputs, bit);
    }
    EXPECT_EQ(mixer.weights()[kFinalBegin], kMostWeight);
    EXPECT_GT(mixer.weights()[kFinalBegin + 1], -kMostWeight);
  }
}

TEST(Mixer, IsTheSameWithAllKernels) {
  const Start start = random_start(5, kMostStart);
  std::vector<std::int32_t> logits, weights;
  for (const Kernels* kernels : kernels_here()) {
    SCOPED_TRACE(kernels->name);
    Mixer mixer(start, *kernels);
    std::mt19937 rng(77);
    std::vector<std::int32_t> out;
    for (int i = 0; i < 20000; ++i) {
      const MixInputs inputs = random_inputs(rng);
      out.push_back(mixer.mix(inputs, random_selectors(rng), static_cast<std::uint32_t>(rng() % kFinalSelectors)));
      mixer.update(inputs, rng() % 3 == 0);
    }
    if (logits.empty()) {
      logits = out;
      weights.assign(mixer.weights().begin(), mixer.weights().end());
    }
    EXPECT_TRUE(out == logits);
    EXPECT_TRUE(std::ranges::equal(mixer.weights(), weights));
    EXPECT_LE(std::abs(*std::ranges::max_element(weights, {}, [](std::int32_t w) { return std::abs(w); })),
              kMostWeight);
  }
}

}  // namespace
}  // namespace koan
