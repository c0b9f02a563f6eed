// The exact forward pass against a double-precision one on the same weights: quantised arithmetic costs next to
// nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/dispatch.h"
#include "model/reference_forward.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

struct Case {
  const char* name;
  TestShape shape;
  Window window;
};

// Wide enough for blocks of 256.
TestShape typed(GgmlType type) {
  return {.width = 256, .feed_forward = 512, .heads = 4, .kv_heads = 2, .head_dim = 64, .type = type};
}

class Parity : public testing::TestWithParam<Case> {};

TEST_P(Parity, MeanDivergenceIsSmall) {
  const TestModel model(GetParam().shape);
  const Window window = GetParam().window;
  std::mt19937_64 random(99);
  std::vector<Token> tokens(100);
  std::vector<Row> rows;
  for (Token& token : tokens) rows.push_back({0, token = static_cast<Token>(random() % GetParam().shape.vocabulary)});
  const auto expected = ReferenceForward(model.file).run(tokens, window);
  const auto weights = std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
  Streams streams = Streams::create(weights, choose_kernels().value(), window, 1, 100).value();
  streams.forward(rows);
  double sum = 0, worst = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const double bits = divergence(expected[i], streams.next(i));
    sum += bits;
    worst = std::max(worst, bits);
  }
  RecordProperty("mean_bits", std::to_string(sum / 100));
  EXPECT_LT(sum / 100, 1.44e-3);  // 0.001 nat
  EXPECT_LT(worst, 6e-3);
  EXPECT_GT(sum, -1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Models, Parity,
    testing::Values(
        Case{"llama", {}, {512, 0}}, Case{"qwen3", {.architecture = "qwen3", .head_dim = 64, .tied = false}, {512, 0}},
        Case{"window", {}, {40, 0}}, Case{"sinks", {}, {40, 4}},
        Case{"qwen3_sinks", {.architecture = "qwen3"}, {24, 16}},
        Case{"multi_query", {.heads = 8, .kv_heads = 1}, {64, 1}},
        Case{"odd_sizes",
             {.width = 40,
              .feed_forward = 50,
              .heads = 5,
              .kv_heads = 5,
              .head_dim = 8,
              .vocabulary = 37,
              .type = GgmlType::kF32},
             {40, 4}},
        Case{"head_48", {.width = 96, .heads = 2, .kv_heads = 1, .head_dim = 48, .type = GgmlType::kF16}, {40, 4}},
        Case{"bf16", {.layers = 3, .type = GgmlType::kBF16}, {64, 4}},
        Case{"qwen2", {.architecture = "qwen2"}, {40, 4}},
        Case{"qwen2_odd",
             {.architecture = "qwen2", .width = 56, .heads = 7, .kv_heads = 1, .head_dim = 8, .type = GgmlType::kF16},
             {512, 0}},
        Case{"llama_bias", {.tied = false, .bias = true}, {40, 4}}, Case{"llama_divisors", {.divisors = true}, {40, 4}},
        Case{"llama_linear",
             {.keys = {{"rope.scaling.type", std::string("linear")}, {"rope.scaling.factor", 4.0}}},
             {512, 0}},
        Case{"mistral", {.keys = {{"attention.sliding_window", std::uint64_t{24}}}}, {64, 4}},
        Case{"mistral_wider", {.keys = {{"attention.sliding_window", std::uint64_t{4096}}}}, {40, 4}},
        Case{"gemma", {.architecture = "gemma", .kv_heads = 1, .head_dim = 64}, {40, 4}},
        Case{"gemma2",
             {.architecture = "gemma2",
              .layers = 3,
              .keys = {{"attention.sliding_window", std::uint64_t{24}},
                       {"attn_logit_softcapping", 2.0},
                       {"final_logit_softcapping", 5.0}}},
             {64, 4}},
        Case{"gemma2_defaults", {.architecture = "gemma2", .width = 72, .heads = 6}, {40, 4}},
        Case{"gemma3",
             {.architecture = "gemma3",
              .layers = 4,
              .keys = {{"attention.sliding_window", std::uint64_t{20}},
                       {"attention.sliding_window_pattern", std::uint64_t{3}},
                       {"rope.freq_base", 1e6},
                       {"rope.scaling.type", std::string("linear")},
                       {"rope.scaling.factor", 8.0}}},
             {64, 4}},
        Case{"gemma3_pattern",
             {.architecture = "gemma3",
              .layers = 3,
              .head_dim = 48,
              .tied = false,
              .keys = {{"attention.sliding_window", std::uint64_t{32}},
                       {"attention.sliding_window_pattern", std::uint64_t{2}},
                       {"final_logit_softcapping", 6.0}}},
             {40, 4}},
        Case{"q8_norms", {.architecture = "qwen2", .vector_type = GgmlType::kQ8_0}, {40, 4}},
        Case{"f16_norms", {.architecture = "gemma3", .type = GgmlType::kF16, .vector_type = GgmlType::kF16}, {40, 4}},
        Case{"q4_0", typed(GgmlType::kQ4_0), {64, 4}}, Case{"q4_1", typed(GgmlType::kQ4_1), {64, 4}},
        Case{"q5_0", typed(GgmlType::kQ5_0), {64, 4}}, Case{"q5_1", typed(GgmlType::kQ5_1), {64, 4}},
        Case{"q4_k", typed(GgmlType::kQ4_K), {64, 4}}, Case{"q5_k", typed(GgmlType::kQ5_K), {64, 4}},
        Case{"q6_k", typed(GgmlType::kQ6_K), {64, 4}}),
    [](const testing::TestParamInfo<Case>& one) { return std::string(one.param.name); });

// The comparison above can fail: it notices a window that is off by one.
TEST(ParityItself, NoticesAnotherWindow) {
  const TestModel model({});
  const std::vector<Token> tokens = {5, 17, 3, 99, 4, 21, 180, 63, 5, 17, 3, 99, 4, 21, 180, 63, 7, 8, 9, 10, 11};
  const ReferenceForward reference(model.file);
  const auto right = reference.run(tokens, {16, 4});
  const auto wrong = reference.run(tokens, {17, 4});
  double difference = 0;
  for (std::size_t i = 0; i < right.back().size(); ++i) difference += std::abs(right.back()[i] - wrong.back()[i]);
  EXPECT_GT(difference, 0.02);
}

}  // namespace
}  // namespace koan
