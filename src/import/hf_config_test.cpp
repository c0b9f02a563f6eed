#include "import/hf_config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/config.h"

namespace koan {
namespace {

using Json = nlohmann::ordered_json;

Json base(const std::string& type, const std::string& class_name) {
  return {{"architectures", {class_name}}, {"model_type", type},     {"hidden_size", 64},
          {"intermediate_size", 96},       {"num_hidden_layers", 6}, {"num_attention_heads", 4},
          {"num_key_value_heads", 2},      {"head_dim", 16},         {"max_position_embeddings", 512},
          {"rms_norm_eps", 1e-6},          {"vocab_size", 100}};
}
Json llama() { return base("llama", "LlamaForCausalLM"); }
Json qwen2() { return base("qwen2", "Qwen2ForCausalLM"); }
Json gemma2() { return base("gemma2", "Gemma2ForCausalLM"); }
Json gemma3() { return base("gemma3_text", "Gemma3ForCausalLM"); }

Json with(Json json, const char* field, const Json& value) {
  json[field] = value;
  return json;
}

HfConfig parse(const Json& json) {
  auto out = parse_hf_config(json.dump());
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : HfConfig();
}

std::string error(const Json& json, ErrorCode code = ErrorCode::kNotSupported) {
  const auto out = parse_hf_config(json.dump());
  EXPECT_FALSE(out) << json.dump();
  if (out) return "";
  EXPECT_EQ(out.error().code, code) << out.error().message;
  return out.error().message;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What the engine makes of it.
ModelConfig run(const Json& json) {
  GgufFile file;
  write_hyperparameters(parse(json), file);
  auto out = read_config(file);
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : ModelConfig();
}

TEST(HfConfig, OldAndNewRopeKeysAreTheSame) {
  const Json old =
      with(with(llama(), "rope_theta", 500000.0), "rope_scaling", {{"rope_type", "linear"}, {"factor", 2.0}});
  const Json older = with(with(llama(), "rope_theta", 500000.0), "rope_scaling", {{"type", "linear"}, {"factor", 2.0}});
  const Json recent =
      with(llama(), "rope_parameters", {{"rope_theta", 500000.0}, {"rope_type", "linear"}, {"factor", 2.0}});
  for (const Json& json : {old, older, recent}) {
    const ModelConfig config = run(json);
    EXPECT_EQ(config.rope_base, 500000.0);
    EXPECT_EQ(config.rope_factor, 2.0);
  }
  EXPECT_EQ(run(llama()).rope_base, 10000.0);
}

// Values from the formula in Python: theta 500000, heads of 64, factor 8, low 1, high 4, original 8192.
TEST(HfConfig, Llama31Divisors) {
  const Json scaling = {{"factor", 8.0},
                        {"low_freq_factor", 1.0},
                        {"high_freq_factor", 4.0},
                        {"original_max_position_embeddings", 8192},
                        {"rope_type", "llama3"}};
  Json json = with(with(llama(), "head_dim", 64), "rope_theta", 500000.0);
  const HfConfig old = parse(with(json, "rope_scaling", scaling));
  Json parameters = scaling;
  parameters["rope_theta"] = 500000.0;
  json.erase("rope_theta");
  const HfConfig recent = parse(with(json, "rope_parameters", parameters));
  EXPECT_EQ(old.rope.divisors, recent.rope.divisors);
  ASSERT_EQ(old.rope.divisors.size(), 32u);
  for (std::size_t i = 0; i < 32; ++i) {
    const double wavelength = 2 * M_PI * std::pow(500000.0, 2 * static_cast<double>(i) / 64);
    double wanted = 8;
    if (wavelength < 8192.0 / 4) {
      wanted = 1;
    } else if (wavelength <= 8192.0) {
      const double smooth = (8192 / wavelength - 1) / 3;
      wanted = 1 / ((1 - smooth) / 8 + smooth);
    }
    EXPECT_NEAR(old.rope.divisors[i], wanted, 1e-6 * wanted) << i;
  }
  EXPECT_EQ(old.rope.divisors.front(), 1.0f);
  EXPECT_EQ(old.rope.divisors.back(), 8.0f);
  for (const char* field : {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    Json less = scaling;
    less.erase(field);
    EXPECT_TRUE(has(error(with(json, "rope_scaling", less), ErrorCode::kCorrupt),
                    "field 'rope_scaling." + std::string(field) + "' is missing"));
  }
}

TEST(HfConfig, RefusesOtherRotations) {
  for (const char* type : {"yarn", "longrope", "dynamic", "new"}) {
    const Json scaling = {{"rope_type", type}, {"factor", 2.0}};
    EXPECT_TRUE(has(error(with(llama(), "rope_scaling", scaling)), "'rope_scaling.rope_type' = '" + std::string(type)));
    EXPECT_TRUE(has(error(with(llama(), "rope_parameters", scaling)), "'rope_parameters.rope_type'"));
  }
  EXPECT_TRUE(has(error(with(llama(), "partial_rotary_factor", 0.5)), "partial_rotary_factor"));
  EXPECT_TRUE(has(error(with(llama(), "rope_scaling", {{"rope_type", "default"}, {"mrope_section", {1, 2}}})),
                  "rope_scaling.mrope_section"));
  EXPECT_TRUE(has(error(with(llama(), "rope_theta", 0.5), ErrorCode::kCorrupt), "rope_theta"));
  EXPECT_TRUE(has(error(with(llama(), "rope_scaling", 3), ErrorCode::kCorrupt), "rope_scaling"));
}

TEST(HfConfig, RefusesWhatItDoesNotKnow) {
  EXPECT_TRUE(has(error(with(llama(), "embedding_multiplier", 12)), "embedding_multiplier"));
  EXPECT_TRUE(has(error(with(llama(), "quantization_config", {{"bits", 4}})), "quantization_config"));
  EXPECT_TRUE(has(error(with(llama(), "mlp_bias", true)), "mlp_bias"));
  EXPECT_TRUE(has(error(with(llama(), "hidden_act", "gelu")), "hidden_act"));
  EXPECT_TRUE(has(error(with(llama(), "sliding_window", 128)), "sliding_window"));
  EXPECT_TRUE(has(error(with(llama(), "rope_interleaved", true)), "rope_interleaved"));
  EXPECT_TRUE(has(error(with(llama(), "auto_map", {{"AutoModel", "x.Y"}})), "auto_map"));
  EXPECT_TRUE(has(error(with(base("qwen3", "Qwen3ForCausalLM"), "attention_bias", true)), "attention_bias"));
  EXPECT_TRUE(has(error(base("mixtral", "MixtralForCausalLM")), "'model_type' is 'mixtral'"));
  EXPECT_TRUE(has(error(base("llama", "LlamaForSequenceClassification")), "LlamaForSequenceClassification"));
  // Off, or nothing of the mathematics.
  parse(with(with(llama(), "rope_interleaved", false), "embedding_multiplier", nullptr));
  parse(with(with(llama(), "pretraining_tp", 1), "use_cache", true));
}

TEST(HfConfig, NamesFieldsThatAreWrong) {
  for (const char* field : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                            "vocab_size", "max_position_embeddings", "rms_norm_eps"}) {
    Json less = llama();
    less.erase(field);
    EXPECT_TRUE(has(error(less, ErrorCode::kCorrupt), "field '" + std::string(field) + "' is missing"));
    EXPECT_TRUE(has(error(with(llama(), field, "many"), ErrorCode::kCorrupt), field));
    EXPECT_TRUE(has(error(with(llama(), field, -1), ErrorCode::kCorrupt), field));
  }
  EXPECT_TRUE(has(error(with(llama(), "num_hidden_layers", 2000000000), ErrorCode::kLimit), "num_hidden_layers"));
  EXPECT_TRUE(has(error(with(llama(), "vocab_size", 2000000000), ErrorCode::kLimit), "vocab_size"));
  EXPECT_TRUE(has(error(with(llama(), "num_key_value_heads", 3), ErrorCode::kCorrupt), "num_key_value_heads"));
  EXPECT_TRUE(has(error(with(llama(), "head_dim", 15), ErrorCode::kCorrupt), "head_dim"));
  EXPECT_FALSE(parse_hf_config("{\"model_type\""));
  EXPECT_FALSE(parse_hf_config("[]"));
}

TEST(HfConfig, SizesThatAreNotSaid) {
  Json json = llama();
  json.erase("head_dim");
  json.erase("num_key_value_heads");
  EXPECT_EQ(parse(json).head_dim, 16u);
  EXPECT_EQ(parse(json).kv_heads, 4u);
  Json qwen3 = base("qwen3", "Qwen3ForCausalLM");
  qwen3.erase("head_dim");
  EXPECT_EQ(parse(qwen3).head_dim, 128u);
  EXPECT_FALSE(parse(llama()).tied);
  EXPECT_TRUE(parse(gemma2()).tied);
  EXPECT_EQ(parse(with(llama(), "_name_or_path", "org/tiny-chat/")).name, "tiny-chat");
  EXPECT_EQ(parse(with(llama(), "eos_token_id", {7, 8})).eos, std::optional<std::uint64_t>(7));
}

TEST(HfConfig, WindowsOfQwen) {
  EXPECT_EQ(run(with(qwen2(), "sliding_window", 64)).local.window, 0u);
  Json on = with(with(qwen2(), "sliding_window", 64), "use_sliding_window", true);
  EXPECT_EQ(run(on).local.window, 0u);  // from layer 28 on
  const ModelConfig config = run(with(on, "max_window_layers", 4));
  EXPECT_EQ(config.local.window, 64u);
  EXPECT_EQ(config.local.which, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 1}));
  const Json types = {"sliding_attention", "full_attention",    "full_attention",
                      "full_attention",    "sliding_attention", "full_attention"};
  EXPECT_EQ(run(with(on, "layer_types", types)).local.which, (std::vector<std::uint8_t>{1, 0, 0, 0, 1, 0}));
  EXPECT_TRUE(has(error(with(qwen2(), "layer_types", types)), "layer_types"));
  EXPECT_TRUE(has(error(with(on, "layer_types", {"full_attention"}), ErrorCode::kCorrupt), "layer_types"));
  Json linear = types;
  linear[2] = "linear_attention";
  EXPECT_TRUE(has(error(with(on, "layer_types", linear)), "'linear_attention'"));
}

TEST(HfConfig, Gemma2) {
  const ModelConfig config = run(with(gemma2(), "query_pre_attn_scalar", 16));
  EXPECT_EQ(config.local.window, 4096u);
  EXPECT_EQ(config.local.which, (std::vector<std::uint8_t>{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(config.traits.attention_cap, 50.0f);
  EXPECT_EQ(config.traits.output_cap, 30.0f);
  EXPECT_EQ(config.traits.score_scale, 0.25f);
  EXPECT_EQ(run(gemma2()).traits.score_scale, 1 / 16.0f);  // 256 if the file does not say
  EXPECT_EQ(run(with(gemma2(), "final_logit_softcapping", 20.0)).traits.output_cap, 20.0f);
  EXPECT_EQ(run(with(gemma2(), "sliding_window", nullptr)).local.window, 0u);
  EXPECT_TRUE(has(error(with(gemma2(), "attn_logit_softcapping", nullptr)), "attn_logit_softcapping"));
  EXPECT_TRUE(has(error(with(gemma2(), "hidden_activation", "silu")), "hidden_activation"));
}

TEST(HfConfig, Gemma3) {
  const Json old = with(with(with(gemma3(), "sliding_window", 32), "rope_local_base_freq", 20000.0), "rope_scaling",
                        {{"rope_type", "linear"}, {"factor", 8.0}});
  const Json recent = with(with(gemma3(), "sliding_window", 32), "rope_parameters",
                           {{"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 1000000.0}}},
                            {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 20000.0}}}});
  for (const Json& json : {old, recent}) {
    const ModelConfig config = run(json);
    EXPECT_EQ(config.rope_base, 1000000.0);
    EXPECT_EQ(config.rope_factor, 8.0);
    EXPECT_EQ(config.local.rope_base, 20000.0);
    EXPECT_EQ(config.local.rope_factor, 1.0);
    EXPECT_EQ(config.local.window, 32u);
    EXPECT_EQ(config.local.which, (std::vector<std::uint8_t>{1, 1, 1, 1, 1, 0}));
    EXPECT_EQ(config.traits.attention_cap, 0.0f);
  }
  EXPECT_EQ(run(with(old, "sliding_window_pattern", 3)).local.which, (std::vector<std::uint8_t>{1, 1, 0, 1, 1, 0}));
  EXPECT_EQ(run(with(old, "_sliding_window_pattern", 2)).local.which, (std::vector<std::uint8_t>{1, 0, 1, 0, 1, 0}));
  EXPECT_TRUE(has(error(with(gemma3(), "use_bidirectional_attention", true)), "use_bidirectional_attention"));
}

}  // namespace
}  // namespace koan
