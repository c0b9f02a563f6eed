// What metadata makes of an architecture.
#include "model/architecture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/config.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

ModelConfig config_of(const TestShape& shape) {
  auto config = read_config(TestModel(shape).file);
  EXPECT_TRUE(config) << config.error().message;
  return std::move(config).value();
}

std::vector<std::uint8_t> pattern_of(const TestShape& shape) { return config_of(shape).local.which; }

using Which = std::vector<std::uint8_t>;

TEST(Architecture, DefaultsOfEachFamily) {
  const ModelConfig llama = config_of({});
  EXPECT_TRUE(llama.traits.rotates_neighbours);
  EXPECT_FALSE(llama.traits.gelu || llama.traits.post_norms || llama.traits.head_norms);
  EXPECT_EQ(llama.traits.embedding_scale, 1.0f);
  EXPECT_EQ(llama.traits.score_scale, 1.0f / std::sqrt(32.0f));
  EXPECT_EQ(llama.local.window, 0u);
  const ModelConfig gemma = config_of({.architecture = "gemma"});
  EXPECT_FALSE(gemma.traits.rotates_neighbours);
  EXPECT_EQ(gemma.traits.embedding_scale, 8.0f);
  EXPECT_EQ(gemma.local.window, 0u);
  EXPECT_EQ(gemma.traits.attention_cap, 0.0f);
  const ModelConfig gemma2 = config_of({.architecture = "gemma2"});
  EXPECT_EQ(gemma2.local.window, 4096u);
  EXPECT_EQ(gemma2.traits.attention_cap, 50.0f);
  EXPECT_EQ(gemma2.traits.output_cap, 30.0f);
  EXPECT_EQ(gemma2.local.rope_base, 10000.0);
  const ModelConfig gemma3 = config_of({.architecture = "gemma3"});
  EXPECT_EQ(gemma3.local.window, 0u);
  EXPECT_TRUE(gemma3.traits.head_norms && gemma3.traits.post_norms && gemma3.traits.gelu);
  EXPECT_EQ(gemma3.traits.attention_cap, 0.0f);
}

TEST(Architecture, LocalLayers) {
  const std::map<std::string, GgufValue> window = {{"attention.sliding_window", std::uint64_t{64}}};
  EXPECT_EQ(pattern_of({.layers = 3, .keys = window}), Which({1, 1, 1}));
  EXPECT_EQ(pattern_of({.architecture = "gemma2", .layers = 5}), Which({1, 0, 1, 0, 1}));
  EXPECT_EQ(pattern_of({.architecture = "gemma3", .layers = 8, .keys = window}), Which({1, 1, 1, 1, 1, 0, 1, 1}));
  std::map<std::string, GgufValue> keys = window;
  keys["attention.sliding_window_pattern"] = std::uint64_t{3};
  EXPECT_EQ(pattern_of({.architecture = "gemma3", .layers = 4, .keys = keys}), Which({1, 1, 0, 1}));
  keys["attention.sliding_window_pattern"] = std::vector<std::int64_t>{0, 1, 1, 0};
  EXPECT_EQ(pattern_of({.architecture = "gemma3", .layers = 4, .keys = keys}), Which({0, 1, 1, 0}));
  keys["attention.sliding_window_pattern"] = std::uint64_t{1};  // no layer is local
  EXPECT_EQ(config_of({.architecture = "gemma3", .keys = keys}).local.window, 0u);
}

TEST(Architecture, RotaryScaling) {
  const TestShape linear{.architecture = "gemma3",
                         .keys = {{"attention.sliding_window", std::uint64_t{64}},
                                  {"rope.freq_base", 1e6},
                                  {"rope.scaling.type", std::string("linear")},
                                  {"rope.scaling.factor", 8.0}}};
  const ModelConfig gemma3 = config_of(linear);
  EXPECT_EQ(gemma3.rope_base, 1e6);
  EXPECT_EQ(gemma3.rope_factor, 8.0);
  EXPECT_EQ(gemma3.local.rope_base, 10000.0);
  EXPECT_EQ(gemma3.local.rope_factor, 1.0);
  for (const char* name : {"rope.freq_base_swa", "rope.local.freq_base"}) {
    TestShape shape = linear;
    shape.keys[name] = 5000.0;
    EXPECT_EQ(config_of(shape).local.rope_base, 5000.0) << name;
  }
  EXPECT_EQ(config_of({.keys = {{"rope.scale_linear", 2.0}}}).rope_factor, 2.0);
  EXPECT_EQ(config_of({.keys = {{"rope.scaling.factor", 2.0}}}).rope_factor, 2.0);
  const ModelConfig mistral = config_of(
      {.keys = {
           {"attention.sliding_window", std::uint64_t{64}}, {"rope.freq_base", 5e5}, {"rope.scaling.factor", 2.0}}});
  EXPECT_EQ(mistral.local.rope_base, 5e5);
  EXPECT_EQ(mistral.local.rope_factor, 2.0);
}

// The largest gemma2 and gemma3 have heads of another size than width / heads, and scale scores by the latter.
TEST(Architecture, ScoreScale) {
  const auto scale = [](const char* architecture, std::uint64_t layers) {
    return config_of({.architecture = architecture, .layers = layers}).traits.score_scale;
  };
  EXPECT_EQ(scale("gemma2", 26), 1.0f / std::sqrt(32.0f));
  EXPECT_EQ(scale("gemma2", 46), 1.0f / std::sqrt(16.0f));
  EXPECT_EQ(scale("gemma3", 46), 1.0f / std::sqrt(32.0f));
  EXPECT_EQ(scale("gemma3", 62), 1.0f / std::sqrt(16.0f));
  EXPECT_EQ(config_of({.architecture = "gemma3", .keys = {{"attention.scale", 0.0625}}}).traits.score_scale, 0.0625f);
}

TEST(Architecture, BiasesLieWhereTheirRowsDo) {
  TestModel model({.kv_heads = 1, .head_dim = 8, .bias = true});
  const Weights weights = Weights::from_gguf(model.file).value();
  const std::vector<double> q = dequantise(model.tensor("blk.1.attn_q.bias"));
  const std::vector<double> v = dequantise(model.tensor("blk.1.attn_v.bias"));
  const float* const bias = weights.layers[1].qkv_bias.data();
  // Heads of 8 are padded to 32; neighbours (2i, 2i + 1) become halves (i, i + 4).
  EXPECT_EQ(bias[32 + 0], static_cast<float>(q[8]));
  EXPECT_EQ(bias[32 + 4], static_cast<float>(q[9]));
  EXPECT_EQ(bias[32 + 1], static_cast<float>(q[10]));
  EXPECT_EQ(bias[32 + 8], 0.0f);
  EXPECT_EQ(bias[4 * 32 + 32 + 3], static_cast<float>(v[3]));
}

}  // namespace
}  // namespace koan
