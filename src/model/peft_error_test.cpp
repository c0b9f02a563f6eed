// What import of PEFT adapters refuses, and with which words.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "model/test_peft.h"

namespace koan {
namespace {

void expect_error(const Result<Adapter>& result, ErrorCode code, const std::string& words) {
  ASSERT_FALSE(result) << words;
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

Written sample(const std::string& fields = "") {
  return written({}, {{"model.layers.0.self_attn.q_proj", "blk.0.attn_q.weight", 2, 1}},
                 "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":2" + fields + "}");
}

TEST(Peft, ImportNamesWhatIsWrong) {
  const PeftBase base = base_of({});
  ASSERT_TRUE(sample().import(base));
  const auto renamed = [&](const std::string& name) {
    Written in = sample();
    in.file.tensors[0].name = name;
    return in.import(base);
  };
  for (const char* name :
       {"base_model.model.model.embed_tokens.lora_embedding_A", "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
        "base_model.model.model.layers.00.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.input_layernorm.lora_A.weight", "base_model.model.lora_A.weight",
        "model.layers.0.self_attn.q_proj.lora_a"}) {
    expect_error(renamed(name), ErrorCode::kNotSupported, std::string("'") + name + "'");
  }
  expect_error(renamed("base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight"), ErrorCode::kCorrupt,
               "is missing, its other half is there");
  Written half = sample();
  half.file.tensors.pop_back();
  expect_error(half.import(base), ErrorCode::kCorrupt, "q_proj.lora_B.weight' is missing");
  Written empty = sample();
  empty.file.tensors.clear();
  expect_error(empty.import(base), ErrorCode::kCorrupt, "no tensors");
  Written value = sample();
  value.set(value.tensor("lora_B.weight"), 2 * 5 + 1, std::nanf(""));
  expect_error(value.import(base), ErrorCode::kCorrupt, "lora_B.weight' row 5 has a value that is not finite");
  Written shape = sample();
  shape.tensor("lora_B.weight").shape = {2, 128};
  expect_error(shape.import(base), ErrorCode::kCorrupt, "lora_B.weight' has the shape [2, 128]; its rank is 2");
  shape.tensor("lora_B.weight").shape = {256};
  expect_error(shape.import(base), ErrorCode::kCorrupt, "lora_B.weight' is not a matrix");
  Written type = sample();
  type.tensor("lora_A.weight").dtype = "I32";
  expect_error(type.import(base), ErrorCode::kNotSupported, "lora_A.weight' has dtype I32");
}

TEST(Peft, ImportComparesWithItsConfiguration) {
  const PeftBase base = base_of({});
  expect_error(sample(R"(,"target_modules":["v_proj"])").import(base), ErrorCode::kCorrupt, "target_modules");
  expect_error(sample(R"(,"rank_pattern":{"q_proj":4})").import(base), ErrorCode::kCorrupt, "its rank is 4");
  expect_error(sample(R"(,"use_dora":true)").import(base), ErrorCode::kNotSupported, "'use_dora'");
  expect_error(sample(R"(,"alpha_pattern":{"q_proj":0})").import(base), ErrorCode::kCorrupt, "adds nothing");
  Written huge = sample(R"(,"alpha_pattern":{"v_proj":1e30})");
  std::mt19937 random(5);
  huge.add("model.layers.1.self_attn.v_proj", ".lora_A.weight", 2, 64, random);
  huge.add("model.layers.1.self_attn.v_proj", ".lora_B.weight", 64, 2, random);
  huge.set(huge.file.tensors.back(), 0, 1e20f);
  expect_error(huge.import(base), ErrorCode::kCorrupt, "'blk.1.attn_v.weight' not finite");
}

TEST(Peft, ImportComparesWithTheBase) {
  PeftBase base = base_of({});
  base.heads = 3;
  expect_error(sample().import(base), ErrorCode::kNeedsModel, "3 heads of 32");
  base = base_of({});
  base.layers = 0;
  expect_error(sample().import(base), ErrorCode::kNeedsModel, "only 0 blocks");
  base = base_of({});
  base.architecture = "phi3";
  expect_error(sample().import(base), ErrorCode::kNotSupported, "'phi3'");
  base = base_of({});
  Written other = sample();
  other.file.metadata["koan.metadata"] = R"({"koan.adapter.base_sha256":{"text":")" + std::string(64, 'a') + "\"}}";
  expect_error(other.import(base), ErrorCode::kNeedsModel, std::string(64, 'a'));
  other.file.metadata["koan.metadata"] = R"({"koan.adapter.base_sha256":{"uint":1}})";
  expect_error(other.import(base), ErrorCode::kCorrupt, "base_sha256");
  other.file.metadata["koan.metadata"] = "{";
  expect_error(other.import(base), ErrorCode::kCorrupt, "koan.metadata");
}

// --- Files from elsewhere ---

class PeftFromElsewhere : public testing::Test {
 protected:
  static Bytes read(const std::string& name) {
    const char* folder = std::getenv("KOAN_CORPUS");
    std::ifstream in(std::string(folder ? folder : "/work/shared/corpus") + "/weights/hf-safetensors/" + name,
                     std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  static Result<Adapter> import(const Bytes& tensors) {
    return import_peft({R"({"peft_type":"LORA","r":8,"lora_alpha":8})", tensors, "elsewhere"}, base_of({}));
  }
};

TEST_F(PeftFromElsewhere, RobertaIsRefusedByName) {
  const Bytes bytes = read("peft-roberta-lora/adapter_model.safetensors");
  if (bytes.empty()) GTEST_SKIP() << "peft-roberta-lora is not here; set KOAN_CORPUS to the corpus folder";
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.size(), 148u);
  EXPECT_EQ(write_safetensors(*file)->size() % 8, bytes.size() % 8);
  expect_error(import(bytes), ErrorCode::kNotSupported, "'base_model.model.classifier.dense.bias'");
}

TEST_F(PeftFromElsewhere, MlxAdapterIsRefusedByName) {
  const Bytes bytes = read("discollama-adapter/adapters.safetensors");
  if (bytes.empty()) GTEST_SKIP() << "discollama-adapter is not here; set KOAN_CORPUS to the corpus folder";
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.size(), 8u);
  expect_error(import(bytes), ErrorCode::kNotSupported, "lora_");
}

TEST_F(PeftFromElsewhere, WholeModelIsRefusedByName) {
  const Bytes bytes = read("minicpm3-tiny/model.safetensors");
  if (bytes.empty()) GTEST_SKIP() << "minicpm3-tiny is not here; set KOAN_CORPUS to the corpus folder";
  expect_error(import(bytes), ErrorCode::kNotSupported, "'lm_head.weight'");
}

}  // namespace
}  // namespace koan
