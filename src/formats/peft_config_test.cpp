#include "formats/peft_config.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

const std::string kModule = "model.layers.10.self_attn.q_proj";

PeftConfig parse(const std::string& fields) {
  auto parsed = parse_peft_config("{\"peft_type\":\"LORA\"" + fields + "}");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? std::move(*parsed) : PeftConfig();
}

void expect_error(const std::string& fields, ErrorCode code, const std::string& words) {
  const auto parsed = parse_peft_config("{\"peft_type\":\"LORA\"," + fields + "}");
  ASSERT_FALSE(parsed) << fields;
  EXPECT_EQ(parsed.error().code, code) << parsed.error().message;
  EXPECT_NE(parsed.error().message.find(words), std::string::npos) << parsed.error().message;
}

// What peft 0.17 writes, all fields.
TEST(PeftConfig, ReadsAWholeFile) {
  const PeftConfig config = parse(
      R"(,"alpha_pattern":{},"auto_mapping":{"base_model_class":"LlamaForCausalLM"},"base_model_name_or_path":"org/base",
      "bias":"none","corda_config":null,"eva_config":null,"exclude_modules":null,"fan_in_fan_out":false,
      "inference_mode":true,"init_lora_weights":true,"layer_replication":null,"layers_pattern":null,
      "layers_to_transform":null,"loftq_config":{},"lora_alpha":32,"lora_bias":false,"lora_dropout":0.05,
      "megatron_config":null,"megatron_core":"megatron.core","modules_to_save":null,"qalora_group_size":16,"r":16,
      "rank_pattern":{},"revision":"main","target_modules":["v_proj","q_proj"],"target_parameters":null,
      "task_type":"CAUSAL_LM","trainable_token_indices":null,"use_dora":false,"use_qalora":false,"use_rslora":true)");
  EXPECT_EQ(config.rank, 16u);
  EXPECT_EQ(config.alpha, 32);
  EXPECT_TRUE(config.rank_stabilized);
  EXPECT_EQ(config.base_model, "org/base");
  EXPECT_TRUE(config.targets(kModule));
  EXPECT_FALSE(config.targets("model.layers.10.self_attn.k_proj"));
  EXPECT_FALSE(config.targets("model.layers.10.self_attn.xq_proj"));
}

TEST(PeftConfig, DefaultsArePefts) {
  const PeftConfig config = parse("");
  EXPECT_EQ(config.rank, 8u);
  EXPECT_EQ(config.alpha, 8);
  EXPECT_FALSE(config.rank_stabilized);
  EXPECT_TRUE(config.targets(kModule));
  EXPECT_TRUE(parse(R"(,"target_modules":"all-linear","r":null,"lora_alpha":null)").targets(kModule));
}

TEST(PeftConfig, PatternsGoByTheFirstHit) {
  const PeftConfig config = parse(
      R"(,"rank_pattern":{"layers.1.self_attn.q_proj":1,"self_attn.q_proj":2,"q_proj":3},"alpha_pattern":{"^model\\..*k_proj":5,"proj":6,"layers\\.1\\d\\..*":-0.5})");
  EXPECT_EQ(config.rank_of(kModule), 2u);
  EXPECT_EQ(config.rank_of("model.layers.1.self_attn.q_proj"), 1u);
  EXPECT_EQ(config.rank_of("model.layers.1.other.q_proj"), 3u);
  EXPECT_EQ(config.rank_of("model.layers.1.self_attn.k_proj"), 8u);
  EXPECT_EQ(config.alpha_of("model.layers.1.self_attn.k_proj"), 5);
  EXPECT_EQ(config.alpha_of(kModule), -0.5);
  EXPECT_EQ(config.alpha_of("model.layers.2.self_attn.q_proj"), 8);
}

TEST(PeftConfig, RefusesOtherMathematicsByName) {
  for (const char* field :
       {R"("use_dora":true)", R"("lora_bias":true)", R"("modules_to_save":["lm_head"])",
        R"("layer_replication":[[0,4]])", R"("trainable_token_indices":[1])", R"("target_parameters":["w"])",
        R"("fan_in_fan_out":true)", R"("use_qalora":true)", R"("alora_invocation_tokens":[1])",
        R"("megatron_config":{"a":1})", R"("bias":"all")", R"("init_lora_weights":"pissa_niter_16")",
        R"("init_lora_weights":"olora")", R"("task_type":"SEQ_CLS")", R"("some_new_method":1)",
        R"("kasa_config":{"x":null})", R"("loftq_config":{"loftq_bits":4})"}) {
    const std::string text = field;
    std::string quoted = "'";
    quoted.append(text, 1, text.find('"', 1) - 1).append("'");
    expect_error(text, ErrorCode::kNotSupported, quoted);
  }
  EXPECT_TRUE(parse(R"(,"use_dora":false,"some_new_method":null,"other":{},"third":0,"init_lora_weights":"gaussian")")
                  .targets(kModule));
  const auto other = parse_peft_config(R"({"peft_type":"IA3"})");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("'peft_type' is 'IA3'"), std::string::npos) << other.error().message;
}

TEST(PeftConfig, RefusesNonsense) {
  for (const char* text : {"", "[]", "{}", "{\"peft_type\":1}", "{\"peft_type\":\"LORA\",}"})
    EXPECT_FALSE(parse_peft_config(text)) << text;
  expect_error(R"("r":0)", ErrorCode::kCorrupt, "'r'");
  expect_error(R"("r":-8)", ErrorCode::kCorrupt, "'r'");
  expect_error(R"("r":8.5)", ErrorCode::kCorrupt, "'r'");
  expect_error(R"("r":4097)", ErrorCode::kLimit, "'r' is 4097");
  expect_error(R"("r":8,"r":16)", ErrorCode::kCorrupt, "'r' is there twice");
  expect_error(R"("lora_alpha":"8")", ErrorCode::kCorrupt, "'lora_alpha'");
  expect_error(R"("lora_alpha":1e31)", ErrorCode::kCorrupt, "'lora_alpha' is out of range");
  expect_error(R"("use_rslora":1)", ErrorCode::kCorrupt, "'use_rslora'");
  expect_error(R"("rank_pattern":[1])", ErrorCode::kCorrupt, "'rank_pattern'");
  expect_error(R"("rank_pattern":{"q_proj":0})", ErrorCode::kCorrupt, "'rank_pattern.q_proj'");
  expect_error(R"x("alpha_pattern":{"(?=q)":1})x", ErrorCode::kNotSupported, "(?=q)");
  expect_error(R"("target_modules":{"a":1})", ErrorCode::kCorrupt, "'target_modules'");
  expect_error(R"("target_modules":[1])", ErrorCode::kCorrupt, "'target_modules'");
}

TEST(PeftConfig, RoundTrips) {
  PeftConfig config;
  config.rank = 4;
  config.alpha = static_cast<double>(0.1f);
  config.base_model = "b\"\xC3\xBC";
  config.target_modules = {"q_proj", "v_proj"};
  ASSERT_TRUE(config.ranks.add(kModule, 2));
  ASSERT_TRUE(config.alphas.add("v_proj", 1.5));
  const auto text = write_peft_config(config);
  ASSERT_TRUE(text);
  const auto back = parse_peft_config(*text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->rank, 4u);
  EXPECT_EQ(back->alpha, config.alpha);
  EXPECT_EQ(back->base_model, config.base_model);
  EXPECT_EQ(back->target_modules, config.target_modules);
  EXPECT_EQ(back->rank_of(kModule), 2u);
  EXPECT_EQ(back->alpha_of("v_proj"), 1.5);
  config.base_model = "\xFF";
  EXPECT_FALSE(write_peft_config(config));
}

}  // namespace
}  // namespace koan
