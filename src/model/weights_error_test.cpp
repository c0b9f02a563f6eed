// What is refused, with which code, and that the message names the culprit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>

#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

void expect_refused(const std::function<void(TestModel&)>& damage, ErrorCode code, const std::string& names,
                    const TestShape& shape = {}) {
  TestModel model(shape);
  damage(model);
  auto weights = Weights::from_gguf(model.file);
  ASSERT_FALSE(weights) << names;
  EXPECT_EQ(weights.error().code, code) << weights.error().message;
  EXPECT_NE(weights.error().message.find(names), std::string::npos)
      << weights.error().message << " does not name " << names;
}

TEST(WeightsErrors, EveryMissingTensorIsNamed) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"}) {
    const TestShape shape{.architecture = architecture, .layers = 1};
    const TestModel whole(shape);
    ASSERT_TRUE(Weights::from_gguf(whole.file));
    for (const GgufTensor& tensor : whole.file.tensors) {
      expect_refused(
          [&](TestModel& m) {
            std::erase_if(m.file.tensors, [&](const GgufTensor& t) { return t.name == tensor.name; });
          },
          ErrorCode::kCorrupt, tensor.name, shape);
    }
  }
}

TEST(WeightsErrors, EveryWrongShapeIsNamed) {
  const TestShape shape{.architecture = "qwen3", .layers = 1, .tied = false};
  const TestModel whole(shape);
  for (const GgufTensor& tensor : whole.file.tensors) {
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      if (tensor.name == "token_embd.weight" && d == 1) continue;  // defines the vocabulary
      expect_refused([&](TestModel& m) { m.tensor(tensor.name).shape[d] += 32; }, ErrorCode::kCorrupt, tensor.name,
                     shape);
    }
    expect_refused([&](TestModel& m) { m.tensor(tensor.name).data = m.tensor(tensor.name).data.first(8); },
                   ErrorCode::kCorrupt, tensor.name, shape);
    expect_refused([&](TestModel& m) { m.tensor(tensor.name).shape.push_back(2); }, ErrorCode::kCorrupt, tensor.name,
                   shape);
  }
}

TEST(WeightsErrors, ValuesThatAreNotFinite) {
  const TestShape q8{.architecture = "qwen3", .layers = 1};
  const TestModel whole(q8);
  for (const GgufTensor& tensor : whole.file.tensors) {
    for (const std::uint8_t low : {0x00, 0x01}) {  // infinity, NaN
      expect_refused(
          [&](TestModel& m) {
            Bytes& data = m.own_data(tensor.name);
            if (tensor.type == GgmlType::kQ8_0) {  // the scale of the last block
              data[data.size() - 34] = low;
              data[data.size() - 33] = 0x7C;
            } else {
              data[data.size() - 4] = low;
              data[data.size() - 2] = 0x80;
              data[data.size() - 1] = 0x7F;
            }
          },
          ErrorCode::kCorrupt, tensor.name, q8);
    }
  }
  // The two bytes that end the first block or begin it, whichever hold a float.
  for (const auto& [type, at] : {std::pair(GgmlType::kQ4_0, 1),
                                 {GgmlType::kQ4_1, 1},
                                 {GgmlType::kQ4_1, 3},
                                 {GgmlType::kQ5_0, 1},
                                 {GgmlType::kQ5_1, 3},
                                 {GgmlType::kQ4_K, 1},
                                 {GgmlType::kQ4_K, 3},
                                 {GgmlType::kQ5_K, 1},
                                 {GgmlType::kQ5_K, 3},
                                 {GgmlType::kQ6_K, 209}}) {
    expect_refused([&](TestModel& m) { m.own_data("blk.0.ffn_up.weight")[static_cast<std::size_t>(at)] = 0x7E; },
                   ErrorCode::kCorrupt, "blk.0.ffn_up.weight", {.width = 256, .type = type});
  }
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16}) {
    expect_refused(
        [&](TestModel& m) {
          Bytes& data = m.own_data("blk.0.ffn_up.weight");
          data[data.size() - 2] = 0xC0;
          data[data.size() - 1] = 0x7F;
        },
        ErrorCode::kCorrupt, "blk.0.ffn_up.weight", {.type = type});
  }
}

// Finite, but its Q8_0 scale is not.
TEST(WeightsErrors, ValuesTooLargeForQ8) {
  expect_refused(
      [&](TestModel& m) {
        Bytes& data = m.own_data("blk.0.ffn_up.weight");
        data[data.size() - 2] = 0x00;
        data[data.size() - 1] = 0x70;
      },
      ErrorCode::kCorrupt, "blk.0.ffn_up.weight", {.type = GgmlType::kF32});
}

TEST(WeightsErrors, ForeignArchitectures) {
  for (const char* name : {"gemma3n", "gemma4", "phi3", "qwen2moe", "qwen3moe", "mistral3", "mamba"}) {
    expect_refused([&](TestModel& m) { m.file.metadata["general.architecture"] = std::string(name); },
                   ErrorCode::kNotSupported, name);
  }
  expect_refused([](TestModel& m) { m.file.metadata["general.architecture"] = std::string("gpt2"); },
                 ErrorCode::kNotSupported, "llama, qwen2, qwen3, gemma, gemma2, gemma3");
}

TEST(WeightsErrors, ForeignMathematics) {
  const auto key = [](const std::string& name, const GgufValue& value) {
    expect_refused([&](TestModel& m) { m.file.metadata["llama." + name] = value; }, ErrorCode::kNotSupported, name);
  };
  key("rope.scaling.type", std::string("yarn"));
  key("rope.scaling.type", std::string("longrope"));
  key("rope.scaling.type", true);
  key("rope.scaling.attn_factor", 1.2);
  key("rope.dimension_count", std::uint64_t{16});
  key("attention.value_length", std::uint64_t{64});
  key("expert_count", std::uint64_t{8});
  key("attention.clamp_kqv", 8.0);
  key("attention.max_alibi_bias", 8.0);
  key("embedding_scale", 12.0);
  key("residual_scale", 0.22);
  key("logit_scale", 16.0);
  key("attention.causal", false);
}

TEST(WeightsErrors, TensorsThatBelongToNoArchitecture) {
  const auto tensor = [](const char* name, std::uint64_t size, const TestShape& shape) {
    const Bytes zeros(size * 4);
    expect_refused(
        [&](TestModel& m) {
          m.file.tensors.push_back({name, {size}, GgmlType::kF32, zeros});
        },
        ErrorCode::kNotSupported, name, shape);
  };
  tensor("blk.0.attn_output.bias", 64, {});
  tensor("blk.0.ffn_down.bias", 64, {});
  tensor("blk.0.attn_q.bias", 128, {.architecture = "qwen3"});
  tensor("blk.0.attn_q.bias", 128, {.architecture = "gemma"});
  tensor("rope_freqs.weight", 16, {.architecture = "qwen2"});
  tensor("rope_freqs.weight", 16, {.architecture = "gemma3"});
  tensor("blk.0.post_ffw_norm.weight", 64, {.architecture = "gemma"});
  tensor("blk.0.attn_q_norm.weight", 32, {.architecture = "gemma2"});
  tensor("blk.0.ffn_gate_exps.weight", 64, {});
}

TEST(WeightsErrors, ValuesOfKnownKeysThatAreImpossible) {
  const auto key = [](const std::string& name, const GgufValue& value) {
    expect_refused([&](TestModel& m) { m.file.metadata["llama." + name] = value; }, ErrorCode::kCorrupt, name);
  };
  for (const char* name : {"attention.sliding_window", "attn_logit_softcapping", "final_logit_softcapping",
                           "attention.scale", "rope.scaling.factor", "rope.scale_linear"}) {
    key(name, -1.0);
    key(name, std::nan(""));
    key(name, 1e30);
    key(name, std::string("1"));
  }
  key("rope.scaling.factor", 0.5);
  const auto pattern = [](const GgufValue& value) {
    expect_refused(
        [&](TestModel& m) {
          m.file.metadata["llama.attention.sliding_window"] = std::uint64_t{64};
          m.file.metadata["llama.attention.sliding_window_pattern"] = value;
        },
        ErrorCode::kCorrupt, "sliding_window_pattern");
  };
  pattern(std::vector<std::int64_t>{1, 0, 1});
  pattern(std::uint64_t{3});
  pattern(std::uint64_t{1} << 40);
  pattern(std::string("all"));
  expect_refused([](TestModel& m) { m.file.metadata["gemma3.rope.freq_base_swa"] = 0.5; }, ErrorCode::kCorrupt,
                 "rope.freq_base_swa", {.architecture = "gemma3"});
  const auto divisor = [](float value) {
    expect_refused(
        [&](TestModel& m) {
          Bytes& data = m.own_data("rope_freqs.weight");
          const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
          for (std::size_t i = 0; i < 4; ++i) data[8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
        },
        std::isfinite(value) ? ErrorCode::kNotSupported : ErrorCode::kCorrupt, "rope_freqs.weight", {.divisors = true});
  };
  divisor(0.99f);
  divisor(-4.0f);
  divisor(INFINITY);
}

TEST(WeightsErrors, BiasesComeTogether) {
  for (const char* missing : {"blk.0.attn_q.bias", "blk.1.attn_k.bias", "blk.0.attn_v.bias"}) {
    expect_refused(
        [&](TestModel& m) { std::erase_if(m.file.tensors, [&](const GgufTensor& t) { return t.name == missing; }); },
        ErrorCode::kCorrupt, missing, {.bias = true});
  }
}

TEST(WeightsErrors, ValuesThatMeanOffAreFine) {
  TestModel model({});
  model.file.metadata["llama.rope.scaling.type"] = std::string("none");
  model.file.metadata["llama.rope.scaling.factor"] = 4.0;
  model.file.metadata["llama.attention.sliding_window"] = std::uint64_t{0};
  model.file.metadata["llama.attn_logit_softcapping"] = 0.0;
  model.file.metadata["llama.attention.causal"] = true;
  auto weights = Weights::from_gguf(model.file);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ(weights->config.rope_factor, 1.0);
  EXPECT_EQ(weights->config.local.window, 0u);
}

TEST(WeightsErrors, LimitsAndNonsense) {
  const auto key = [](const std::string& name, const GgufValue& value, ErrorCode code, const std::string& names) {
    expect_refused([&](TestModel& m) { m.file.metadata["llama." + name] = value; }, code, names);
  };
  for (const char* name :
       {"block_count", "embedding_length", "feed_forward_length", "context_length", "attention.head_count"}) {
    key(name, std::uint64_t{0}, ErrorCode::kCorrupt, name);
    key(name, std::uint64_t{1} << 40, ErrorCode::kLimit, name);
    key(name, std::string("8"), ErrorCode::kCorrupt, name);
    expect_refused([&](TestModel& m) { m.file.metadata.erase(std::string("llama.") + name); }, ErrorCode::kCorrupt,
                   name);
  }
  key("block_count", std::uint64_t{513}, ErrorCode::kLimit, "block_count");
  key("attention.head_count_kv", std::uint64_t{3}, ErrorCode::kCorrupt, "key/value heads");
  key("attention.key_length", std::uint64_t{31}, ErrorCode::kCorrupt, "31");
  key("attention.layer_norm_rms_epsilon", -1.0, ErrorCode::kCorrupt, "epsilon");
  key("attention.layer_norm_rms_epsilon", std::nan(""), ErrorCode::kCorrupt, "epsilon");
  key("rope.freq_base", 0.5, ErrorCode::kCorrupt, "rotary base");
  key("rope.freq_base", std::nan(""), ErrorCode::kCorrupt, "rotary base");
  expect_refused([](TestModel& m) { m.tensor("token_embd.weight").shape[1] = (1u << 19) + 1; }, ErrorCode::kLimit,
                 "vocabulary");
  expect_refused([](TestModel& m) { m.tensor("token_embd.weight").shape.pop_back(); }, ErrorCode::kCorrupt,
                 "token_embd.weight");
  expect_refused([](TestModel& m) { m.file.tensors.push_back(m.file.tensors.back()); }, ErrorCode::kCorrupt, "twice");
}

}  // namespace
}  // namespace koan
