// Each operation that only some architectures have is needed: the float64 forward pass without it is far from the exact
// one, which parity_test finds close to the whole.
#include <gtest/gtest.h>

#include "kernels/dispatch.h"
#include "model/reference_forward.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

constexpr double kClose = 2e-3;  // bits per token; more is a failure of parity_test

double mean_divergence(const TestModel& model, const std::set<std::string>& without) {
  constexpr std::size_t kTokens = 60;
  constexpr Window kWindow{40, 4};
  std::mt19937_64 random(7);
  std::vector<Token> tokens(kTokens);
  std::vector<Row> rows;
  for (Token& token : tokens) rows.push_back({0, token = static_cast<Token>(random() % 200)});
  const auto expected = ReferenceForward(model.file, without).run(tokens, kWindow);
  const auto weights = std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
  Streams streams = Streams::create(weights, choose_kernels().value(), kWindow, 1, kTokens).value();
  streams.forward(rows);
  double sum = 0;
  for (std::uint32_t i = 0; i < kTokens; ++i) sum += divergence(expected[i], streams.next(i));
  return sum / kTokens;
}

void expect_needed(const TestShape& shape, const std::vector<std::string>& operations) {
  const TestModel model(shape);
  const double whole = mean_divergence(model, {});
  EXPECT_LT(whole, kClose) << shape.architecture;
  for (const std::string& operation : operations)
    EXPECT_GT(mean_divergence(model, {operation}), kClose + 3 * whole)
        << shape.architecture << " without " << operation;
}

TEST(Perturbation, Bias) {
  expect_needed({.architecture = "qwen2"}, {"bias"});
  expect_needed({.bias = true}, {"bias"});
}

TEST(Perturbation, HeadNorms) { expect_needed({.architecture = "qwen3"}, {"head_norms"}); }

TEST(Perturbation, RotaryScaling) {
  expect_needed({.divisors = true}, {"divisors"});
  expect_needed({.keys = {{"rope.scaling.type", std::string("linear")}, {"rope.scaling.factor", 4.0}}},
                {"rope_factor"});
  expect_needed({.architecture = "qwen2", .keys = {{"rope.scaling.factor", 4.0}}}, {"rope_factor"});
}

TEST(Perturbation, SlidingWindow) {
  expect_needed({.keys = {{"attention.sliding_window", std::uint64_t{6}}}}, {"local_window"});
  expect_needed({.architecture = "gemma2", .keys = {{"attention.sliding_window", std::uint64_t{6}}}}, {"local_window"});
}

TEST(Perturbation, Gemma) { expect_needed({.architecture = "gemma"}, {"gelu", "embedding_scale"}); }

TEST(Perturbation, Gemma2) {
  expect_needed({.architecture = "gemma2",
                 .keys = {{"attn_logit_softcapping", 1.0}, {"final_logit_softcapping", 3.0}, {"attention.scale", 0.4}}},
                {"gelu", "embedding_scale", "post_norms", "attention_cap", "output_cap", "score_scale"});
}

TEST(Perturbation, Gemma3) {
  expect_needed({.architecture = "gemma3",
                 .keys = {{"attention.sliding_window", std::uint64_t{12}},
                          {"attention.sliding_window_pattern", std::vector<std::int64_t>{1, 0}},
                          {"rope.freq_base", 100.0},
                          {"rope.scaling.type", std::string("linear")},
                          {"rope.scaling.factor", 3.0}}},
                {"gelu", "embedding_scale", "post_norms", "head_norms", "local_window", "local_base", "rope_factor"});
}

}  // namespace
}  // namespace koan
