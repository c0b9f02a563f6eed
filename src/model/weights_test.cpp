#include "model/weights.h"

#include <gtest/gtest.h>

#include "model/test_models.h"

namespace koan {
namespace {

// weight(row, column) of a packed matrix.
double at(const PackedStorage& storage, std::uint32_t row, std::uint32_t column) {
  const PackedMatrix m = storage.matrix();
  const std::size_t group = static_cast<std::size_t>(row / 16) * static_cast<std::size_t>(m.groups) + column / 32;
  return static_cast<double>(m.scales[group * 16 + row % 16]) *
         m.quants[group * 512 + column % 32 / 4 * 64 + row % 16 * 4 + column % 4];
}

// Rows of `tensor` are where `row_of` says, and everything to the right of them is zero.
template <typename RowOf>
void expect_rows(const GgufTensor& tensor, const PackedStorage& storage, RowOf row_of, double tolerance) {
  const std::vector<double> values = dequantise(tensor);
  const std::uint64_t in = tensor.shape[0];
  for (std::uint32_t r = 0; r < tensor.shape[1]; ++r) {
    for (std::uint32_t c = 0; c < storage.padded_in(); ++c) {
      const double expected = c < in ? values[r * in + c] : 0.0;
      ASSERT_NEAR(at(storage, row_of(r), c), expected, tolerance) << tensor.name << " row " << r << " column " << c;
    }
  }
}

TEST(Weights, PacksQ8ExactlyAndPermutesLlamaHeads) {
  TestModel model({});
  auto weights = Weights::from_gguf(model.file);
  ASSERT_TRUE(weights) << weights.error().message;
  const auto straight = [](std::uint32_t r) { return r; };
  expect_rows(model.tensor("token_embd.weight"), weights->embedding, straight, 0);
  const LayerWeights& layer = weights->layers[1];
  const auto halves = [](std::uint32_t r) { return r / 32 * 32 + r % 2 * 16 + r % 32 / 2; };
  expect_rows(model.tensor("blk.1.attn_q.weight"), layer.qkv, halves, 0);
  expect_rows(
      model.tensor("blk.1.attn_k.weight"), layer.qkv, [&](std::uint32_t r) { return 128 + halves(r); }, 0);
  expect_rows(
      model.tensor("blk.1.attn_v.weight"), layer.qkv, [](std::uint32_t r) { return 192 + r; }, 0);
  expect_rows(model.tensor("blk.1.ffn_gate.weight"), layer.gate_up, straight, 0);
  expect_rows(
      model.tensor("blk.1.ffn_up.weight"), layer.gate_up, [](std::uint32_t r) { return 96 + r; }, 0);
  expect_rows(model.tensor("blk.1.ffn_down.weight"), layer.down, straight, 0);
  expect_rows(model.tensor("blk.1.attn_output.weight"), layer.attention_output, straight, 0);
  EXPECT_FALSE(weights->output.has_value());
  EXPECT_EQ(layer.query_norm.size(), 0u);
}

TEST(Weights, Qwen3KeepsHeadsAsTheyAre) {
  TestModel model({.architecture = "qwen3", .tied = false});
  auto weights = Weights::from_gguf(model.file);
  ASSERT_TRUE(weights) << weights.error().message;
  expect_rows(
      model.tensor("blk.0.attn_q.weight"), weights->layers[0].qkv, [](std::uint32_t r) { return r; }, 0);
  ASSERT_TRUE(weights->output.has_value());
  expect_rows(
      model.tensor("output.weight"), weights->output_layer(), [](std::uint32_t r) { return r; }, 0);
  EXPECT_EQ(weights->layers[0].query_norm.size(), 32u);
}

TEST(Weights, PadsOddWidthsAndConvertsFloats) {
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16}) {
    TestModel model(
        {.width = 40, .feed_forward = 50, .heads = 5, .kv_heads = 5, .head_dim = 8, .vocabulary = 37, .type = type});
    auto weights = Weights::from_gguf(model.file);
    ASSERT_TRUE(weights) << weights.error().message;
    EXPECT_EQ(weights->head_stride, 32u);
    EXPECT_EQ(weights->feed_forward_stride, 64u);
    const LayerWeights& layer = weights->layers[0];
    // A quarter of a percent of the largest value: half a step of int8, and the rounding of the scale.
    const double tolerance = 0.005 * 0.55;
    expect_rows(
        model.tensor("blk.0.attn_k.weight"), layer.qkv,
        [](std::uint32_t r) { return 160 + r / 8 * 32 + r % 2 * 4 + r % 8 / 2; }, tolerance);
    expect_rows(
        model.tensor("blk.0.attn_v.weight"), layer.qkv, [](std::uint32_t r) { return 320 + r / 8 * 32 + r % 8; },
        tolerance);
    expect_rows(
        model.tensor("blk.0.ffn_up.weight"), layer.gate_up, [](std::uint32_t r) { return 64 + r; }, tolerance);
    for (std::uint32_t r = 8; r < 32; ++r) {
      for (std::uint32_t c = 0; c < 64; ++c) ASSERT_EQ(at(layer.qkv, r, c), 0.0);
    }
  }
}

TEST(Weights, CountsParametersAndWork) {
  TestModel model({});
  auto weights = Weights::from_gguf(model.file);
  ASSERT_TRUE(weights);
  const std::uint64_t linear = 64 * (128 + 64 + 64 + 128) + 3 * 64 * 96;
  EXPECT_EQ(weights->multiply_adds_per_token, 2 * linear + 64 * 200);
  EXPECT_EQ(weights->parameters, 2 * (linear + 2 * 64) + 64 * 200 + 64);
}

}  // namespace
}  // namespace koan
