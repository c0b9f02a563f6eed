// What is refused, with which code, and that the message names the culprit.
#include <gtest/gtest.h>

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
  for (const char* architecture : {"llama", "qwen3"}) {
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

TEST(WeightsErrors, ForeignMathematics) {
  expect_refused([](TestModel& m) { m.file.metadata["general.architecture"] = std::string("gemma3"); },
                 ErrorCode::kNotSupported, "gemma3");
  const auto key = [](const std::string& name, const GgufValue& value) {
    expect_refused([&](TestModel& m) { m.file.metadata["llama." + name] = value; }, ErrorCode::kNotSupported, name);
  };
  key("rope.scaling.type", std::string("yarn"));
  key("rope.scaling.type", std::string("linear"));
  key("rope.scaling.factor", 4.0);
  key("rope.dimension_count", std::uint64_t{16});
  key("attention.value_length", std::uint64_t{64});
  key("attention.sliding_window", std::uint64_t{4096});
  key("attn_logit_softcapping", 50.0);
  key("final_logit_softcapping", 30.0);
  key("expert_count", std::uint64_t{8});
  key("attention.scale", 1.0);
  key("embedding_scale", 12.0);
  key("attention.causal", false);
  expect_refused(
      [](TestModel& m) {
        m.file.tensors.push_back({"rope_freqs.weight", {16}, GgmlType::kF32, {}});
      },
      ErrorCode::kNotSupported, "rope_freqs.weight");
  expect_refused(
      [](TestModel& m) {
        m.file.tensors.push_back({"blk.0.attn_q.bias", {128}, GgmlType::kF32, {}});
      },
      ErrorCode::kNotSupported, "blk.0.attn_q.bias");
}

TEST(WeightsErrors, ValuesThatMeanOffAreFine) {
  TestModel model({});
  model.file.metadata["llama.rope.scaling.type"] = std::string("none");
  model.file.metadata["llama.rope.scaling.factor"] = 1.0;
  model.file.metadata["llama.attention.sliding_window"] = std::uint64_t{0};
  model.file.metadata["llama.attention.causal"] = true;
  EXPECT_TRUE(Weights::from_gguf(model.file));
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
  expect_refused([](TestModel& m) { m.tensor("token_embd.weight").shape[1] = (1u << 18) + 1; }, ErrorCode::kLimit,
                 "vocabulary");
  expect_refused([](TestModel& m) { m.tensor("token_embd.weight").shape.pop_back(); }, ErrorCode::kCorrupt,
                 "token_embd.weight");
  expect_refused([](TestModel& m) { m.file.tensors.push_back(m.file.tensors.back()); }, ErrorCode::kCorrupt, "twice");
}

}  // namespace
}  // namespace koan
