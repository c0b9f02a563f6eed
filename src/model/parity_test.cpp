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
        Case{"bf16", {.layers = 3, .type = GgmlType::kBF16}, {64, 4}}),
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
