// Quantised tensors in koan's form: exact where section 2 of the numerics says so, close elsewhere, and what that costs
// in bits per token.
#include "model/convert.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/dispatch.h"
#include "model/reference_forward.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

constexpr GgmlType kQuantised[] = {GgmlType::kQ8_0, GgmlType::kQ4_0, GgmlType::kQ4_1, GgmlType::kQ5_0,
                                   GgmlType::kQ5_1, GgmlType::kQ4_K, GgmlType::kQ5_K, GgmlType::kQ6_K};

struct Sample {
  Bytes data;
  GgufTensor tensor;
};

Sample random_tensor(GgmlType type, std::uint64_t seed, double mean = 0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(static_cast<float>(mean), 1);
  std::vector<float> values(256 * 16);
  for (float& v : values) v = normal(random);
  Sample out;
  out.data = quantise(values, type);
  out.tensor = {"t", {256, 16}, type, out.data};
  return out;
}

std::vector<float> packed_values(const GgufTensor& tensor) {
  auto storage = PackedStorage::create(tensor.shape[1], tensor.shape[0]);
  EXPECT_TRUE(storage->put(tensor, {}));
  std::vector<float> out(tensor.element_count());
  for (std::uint32_t r = 0; r < tensor.shape[1]; ++r) storage->row(r, out.data() + r * tensor.shape[0]);
  return out;
}

TEST(Convert, ValuesAreThoseOfTheFormat) {
  for (const GgmlType type : kQuantised) {
    const Sample sample = random_tensor(type, 5);
    const std::vector<double> expected = dequantise(sample.tensor);
    std::vector<float> values(expected.size());
    ASSERT_TRUE(read_ggml_values(type, sample.data.data(), values));
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_NEAR(static_cast<double>(values[i]), expected[i], 1e-6) << ggml_type_name(type) << " element " << i;
  }
}

TEST(Convert, ArbitraryBytesAreReadAsTheFormatSays) {
  std::mt19937 random(3);
  for (const GgmlType type : kQuantised) {
    const auto [elements, bytes] = ggml_block(type);
    Bytes data(bytes * 50);
    for (std::uint8_t& b : data) b = static_cast<std::uint8_t>(random());
    const GgufTensor tensor{"t", {elements, 50}, type, data};
    const std::vector<double> expected = dequantise(tensor);
    std::vector<float> values(expected.size());
    read_ggml_values(type, data.data(), values);
    for (std::size_t block = 0; block < values.size(); block += elements) {
      double largest = 0;
      for (std::size_t i = block; i < block + elements; ++i) {
        if (!(std::fabs(expected[i]) <= largest)) largest = std::fabs(expected[i]);  // NaN stays
      }
      if (!std::isfinite(largest)) continue;
      for (std::size_t i = block; i < block + elements; ++i)
        ASSERT_NEAR(static_cast<double>(values[i]), expected[i], 2e-6 * largest) << ggml_type_name(type) << " at " << i;
    }
  }
}

TEST(Convert, SymmetricTypesStayAsTheyAre) {
  for (const GgmlType type : {GgmlType::kQ8_0, GgmlType::kQ4_0, GgmlType::kQ5_0}) {
    const Sample sample = random_tensor(type, 6);
    const std::vector<double> expected = dequantise(sample.tensor);
    const std::vector<float> values = packed_values(sample.tensor);
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(static_cast<double>(values[i]), expected[i]) << i;
  }
}

// Root mean square of the error, in units of the step of int8 that the largest value of each group implies.
double relative_error(const Sample& sample) {
  const std::vector<double> expected = dequantise(sample.tensor);
  const std::vector<float> values = packed_values(sample.tensor);
  double sum = 0;
  for (std::size_t g = 0; g < values.size(); g += 32) {
    double largest = 0, squares = 0;
    for (std::size_t i = g; i < g + 32; ++i) {
      largest = std::max(largest, std::fabs(expected[i]));
      squares += std::pow(static_cast<double>(values[i]) - expected[i], 2);
    }
    sum += squares / std::pow(largest / 127, 2);
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// Rounding to the nearest of 255 would give 0.289.
TEST(Convert, TheGridIsCloserThanTheNearest) {
  for (const double mean : {0.0, 0.5, 2.0}) {
    for (const auto& [type, most] :
         {std::pair(GgmlType::kQ4_1, 0.16), std::pair(GgmlType::kQ5_1, 0.23), std::pair(GgmlType::kQ4_K, 0.15),
          std::pair(GgmlType::kQ5_K, 0.19), std::pair(GgmlType::kQ6_K, 0.32)}) {
      const double error = relative_error(random_tensor(type, 7, mean));
      RecordProperty(ggml_type_name(type) + " mean " + std::to_string(mean), std::to_string(error));
      EXPECT_LT(error, most) << ggml_type_name(type) << " mean " << mean;
    }
  }
}

TEST(Convert, EdgesOfTheRule) {
  QuantGroup out;
  GgmlGroup group{{0.5f, 0.5f}, 0, {}};
  for (int i = 0; i < 32; ++i) group.units[i] = static_cast<std::int8_t>(i % 16);
  group.offset = -3.5f;  // a multiple of the step: exact
  ASSERT_TRUE(convert_group(group, out));
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(static_cast<float>(out.quants[i]) * out.scale, 0.5f * static_cast<float>(i % 16) - 3.5f);
  group.offset = 1e6f;  // the step vanishes beside the offset
  ASSERT_TRUE(convert_group(group, out));
  for (int i = 0; i < 32; ++i) EXPECT_NEAR(static_cast<float>(out.quants[i]) * out.scale, 1e6f, 5000);
  group.step[0] = group.step[1] = 0;
  ASSERT_TRUE(convert_group(group, out));
  EXPECT_EQ(out.quants[0], 127);
  group.offset = 0;
  ASSERT_TRUE(convert_group(group, out));
  EXPECT_EQ(static_cast<float>(out.quants[5]) * out.scale, 0.0f);
  group.offset = INFINITY;
  EXPECT_FALSE(convert_group(group, out));
  group.offset = 1;
  group.step[0] = group.step[1] = NAN;
  EXPECT_FALSE(convert_group(group, out));
  group = {{-0.25f, -0.25f}, 0.5f, {}};  // no grid with a negative step, yet no worse than the nearest
  for (int i = 0; i < 32; ++i) group.units[i] = static_cast<std::int8_t>(i);
  ASSERT_TRUE(convert_group(group, out));
  for (int i = 0; i < 32; ++i)
    EXPECT_NEAR(static_cast<float>(out.quants[i]) * out.scale, 0.5f - 0.25f * static_cast<float>(i), 7.25f / 250);
}

// --- Cost in bits per token (numerics section 14) ---

struct Cost {
  double conversion, exact;  // weights alone, in double; everything
};

Cost cost_of(const TestShape& shape) {
  std::vector<Token> tokens;
  std::vector<Row> rows;
  std::mt19937_64 random(4);
  for (int i = 0; i < 40; ++i) tokens.push_back(static_cast<Token>(random() % shape.vocabulary));
  for (const Token token : tokens) rows.push_back({0, token});
  const TestModel model(shape);
  const auto expected = ReferenceForward(model.file).run(tokens, {512, 0});
  const auto converted = ReferenceForward(ConvertedModel(model.file).file).run(tokens, {512, 0});
  const auto weights = std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
  Streams streams = Streams::create(weights, choose_kernels().value(), {512, 0}, 1, 40).value();
  streams.forward(rows);
  Cost cost{};
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    cost.conversion += divergence(expected[i], converted[i]) / 40;
    cost.exact += divergence(expected[i], streams.next(i)) / 40;
  }
  return cost;
}

TEST(Convert, CostsNextToNothing) {
  const TestShape shapes[] = {{.width = 256, .feed_forward = 512, .heads = 4, .kv_heads = 2, .head_dim = 64},
                              {.architecture = "qwen2",
                               .width = 512,
                               .layers = 1,
                               .feed_forward = 768,
                               .heads = 8,
                               .kv_heads = 2,
                               .head_dim = 64},
                              {.architecture = "gemma3",
                               .width = 256,
                               .feed_forward = 768,
                               .heads = 2,
                               .kv_heads = 1,
                               .head_dim = 128,
                               .tied = false}};
  std::vector<GgmlType> types = {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16};
  types.insert(types.end(), std::begin(kQuantised), std::end(kQuantised));
  for (TestShape shape : shapes) {
    for (const GgmlType type : types) {
      shape.type = type;
      const auto [conversion, all] = cost_of(shape);
      const std::string name = shape.architecture + " " + ggml_type_name(type);
      RecordProperty(name, std::to_string(conversion) + " " + std::to_string(all));
      const bool exact = type == GgmlType::kQ8_0 || type == GgmlType::kQ4_0 || type == GgmlType::kQ5_0;
      EXPECT_LT(conversion, exact ? 1e-12 : 8e-4) << name;
      EXPECT_LT(all, 2e-3) << name;
    }
  }
}

}  // namespace
}  // namespace koan
