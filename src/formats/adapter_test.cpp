#include "formats/adapter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/half.h"

namespace koan {
namespace {

constexpr const char* kHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

// Values that F16 holds exactly.
std::vector<float> halves(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(n);
  for (float& value : out) value = half_to_float(float_to_half(static_cast<float>(random() % 2001) / 1000.0f - 1.0f));
  return out;
}

AdapterTensor make_tensor(const std::string& target, std::uint32_t rank, std::uint32_t in, std::uint32_t out) {
  return {
      target, rank, in, out, halves(std::size_t{rank} * in, rank + in), halves(std::size_t{rank} * out, rank + out)};
}

Adapter sample() {
  Adapter out;
  out.name = "chat";
  out.architecture = "llama";
  out.alpha = 24;
  out.tensors.push_back(make_tensor("blk.0.attn_q.weight", 4, 8, 12));
  out.tensors.push_back(make_tensor("blk.1.ffn_down.weight", 1, 16, 8));
  out.metadata = {{"koan.adapter.base_sha256", std::string(kHash)},
                  {"koan.adapter.documents", std::uint64_t{12}},
                  {"koan.adapter.heldout_bits_before", 2.5},
                  {"koan.router.text", std::vector<std::int64_t>{1, -2, 3}}};
  return out;
}

// The same file as tensors that a test may spoil.
struct File {
  Bytes bytes = write_adapter(sample());
  GgufFile file = parse_gguf(bytes).value();
  GgufTensor& tensor(const std::string& name) { return const_cast<GgufTensor&>(*file.find(name)); }
  Result<Adapter> parse() const { return parse_adapter(write_gguf(file)); }
};

void expect_error(const Result<Adapter>& result, ErrorCode code, const std::string& words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

TEST(Adapter, RoundTrips) {
  const Adapter in = sample();
  const Bytes bytes = write_adapter(in);
  auto out = parse_adapter(bytes);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->name, "chat");
  EXPECT_EQ(out->architecture, "llama");
  EXPECT_EQ(out->alpha, 24);
  ASSERT_EQ(out->tensors.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(out->tensors[i].target, in.tensors[i].target);
    EXPECT_EQ(out->tensors[i].rank, in.tensors[i].rank);
    EXPECT_EQ(out->tensors[i].in, in.tensors[i].in);
    EXPECT_EQ(out->tensors[i].out, in.tensors[i].out);
    EXPECT_EQ(out->tensors[i].a, in.tensors[i].a);
    EXPECT_EQ(out->tensors[i].b, in.tensors[i].b);
  }
  for (const auto& [key, value] : in.metadata) EXPECT_EQ(out->metadata.at(key), value) << key;
  EXPECT_EQ(out->sha256, sha256(bytes));
  EXPECT_EQ(to_hex(*out->base_sha256()), kHash);
  EXPECT_EQ(out->number("koan.adapter.documents"), 12.0);
  EXPECT_FALSE(out->number("koan.adapter.base_sha256"));
  EXPECT_EQ(out->parameters(), 4u * 20 + 24);
  EXPECT_EQ(write_adapter(*out), bytes);
}

// What llama.cpp looks for.
TEST(Adapter, WritesTheKeysAndShapesOfLlamaCpp) {
  const File f;
  EXPECT_EQ(*f.file.get_string("general.type"), "adapter");
  EXPECT_EQ(*f.file.get_string("adapter.type"), "lora");
  EXPECT_EQ(*f.file.get_string("general.architecture"), "llama");
  EXPECT_EQ(*f.file.get_float("adapter.lora.alpha"), 24);
  ASSERT_EQ(f.file.tensors.size(), 4u);
  EXPECT_EQ(f.file.find("blk.0.attn_q.weight.lora_a")->shape, (std::vector<std::uint64_t>{8, 4}));
  EXPECT_EQ(f.file.find("blk.0.attn_q.weight.lora_b")->shape, (std::vector<std::uint64_t>{4, 12}));
  EXPECT_EQ(f.file.find("blk.0.attn_q.weight.lora_b")->type, GgmlType::kF16);
}

TEST(Adapter, ReadsEveryFloatType) {
  const std::vector<float> values = {1, -2, 0.5f, 4};
  Bytes f32, bf16;
  for (const float v : values) {
    append_fixed(f32, std::bit_cast<std::uint32_t>(v));
    append_fixed(bf16, float_to_bf16(v));
  }
  GgufFile file;
  file.metadata = {{"general.type", std::string("adapter")},
                   {"adapter.type", std::string("lora")},
                   {"general.architecture", std::string("qwen3")}};
  file.tensors.push_back({"t.lora_a", {4}, GgmlType::kF32, f32});  // ggml drops the 1 of a rank of one
  file.tensors.push_back({"t.lora_b", {1, 4}, GgmlType::kBF16, bf16});
  auto adapter = parse_adapter(write_gguf(file));
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->tensors[0].a, values);
  EXPECT_EQ(adapter->tensors[0].b, values);
  EXPECT_EQ(adapter->tensors[0].rank, 1u);
  EXPECT_EQ(adapter->alpha, 0);
  EXPECT_EQ(adapter->scale(adapter->tensors[0]), 1.0f);
}

TEST(Adapter, ScaleIsAlphaOverRankUnlessAlphaIsZero) {
  Adapter adapter = sample();
  EXPECT_EQ(adapter.scale(adapter.tensors[0]), 6.0f);
  adapter.alpha = 1;
  adapter.tensors[0].rank = 3;
  EXPECT_EQ(adapter.scale(adapter.tensors[0]), 1.0f / 3.0f);
  adapter.alpha = 0;
  EXPECT_EQ(adapter.scale(adapter.tensors[0]), 1.0f);
}

TEST(Adapter, ValuesBeyondF16AreWrittenAsF32) {
  Adapter adapter = sample();
  adapter.tensors[0].b[5] = 70000.0f;
  auto out = parse_adapter(write_adapter(adapter));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->tensors[0].b[5], 70000.0f);
}

TEST(Adapter, RefusesWhatIsNoLora) {
  File f;
  f.file.metadata.erase("general.type");
  expect_error(f.parse(), ErrorCode::kCorrupt, "not an adapter");
  f.file.metadata["general.type"] = std::string("model");
  expect_error(f.parse(), ErrorCode::kCorrupt, "'model'");
  f = File();
  f.file.metadata["adapter.type"] = std::string("control_vector");
  expect_error(f.parse(), ErrorCode::kNotSupported, "control_vector");
  f = File();
  f.file.metadata["adapter.alora.invocation_tokens"] = std::vector<std::int64_t>{1};
  expect_error(f.parse(), ErrorCode::kNotSupported, "activated");
  f = File();
  f.file.metadata["adapter.lora.alpha"] = std::numeric_limits<double>::infinity();
  expect_error(f.parse(), ErrorCode::kCorrupt, "alpha");
  f = File();
  f.file.metadata["koan.adapter.base_sha256"] = std::string("abc");
  expect_error(f.parse(), ErrorCode::kCorrupt, "base_sha256");
}

TEST(Adapter, RefusesHalfPairsAndOtherTensors) {
  File f;
  f.file.tensors.erase(f.file.tensors.begin());
  expect_error(f.parse(), ErrorCode::kCorrupt, "'blk.0.attn_q.weight.lora_a' is missing");
  f = File();
  f.file.tensors.erase(f.file.tensors.begin() + 3);
  expect_error(f.parse(), ErrorCode::kCorrupt, "'blk.1.ffn_down.weight.lora_b' is missing");
  f = File();
  f.tensor("blk.1.ffn_down.weight.lora_b").name = "blk.1.ffn_norm.weight";
  expect_error(f.parse(), ErrorCode::kNotSupported, "'blk.1.ffn_norm.weight'");
  f = File();
  f.tensor("blk.0.attn_q.weight.lora_a").name = "token_embd.weight.lora_a";
  expect_error(f.parse(), ErrorCode::kNotSupported, "embedding");
  f = File();
  f.file.tensors.clear();
  expect_error(f.parse(), ErrorCode::kCorrupt, "no tensors");
}

TEST(Adapter, RefusesShapesThatDisagree) {
  File f;
  f.tensor("blk.0.attn_q.weight.lora_a").shape = {4, 8};
  expect_error(f.parse(), ErrorCode::kCorrupt, "rank 8 in .lora_a but 4 in .lora_b");
  f = File();
  f.tensor("blk.0.attn_q.weight.lora_a").shape = {2, 4, 4};
  expect_error(f.parse(), ErrorCode::kCorrupt, "not a matrix");
}

TEST(Adapter, RefusesRanksAndWidthsAboveTheLimits) {
  Adapter adapter = sample();
  adapter.tensors[1] = make_tensor("blk.1.ffn_down.weight", kMaxAdapterRank + 1, 2, 3);
  expect_error(parse_adapter(write_adapter(adapter)), ErrorCode::kLimit, "'blk.1.ffn_down.weight' has rank 4097");
  adapter.tensors[1] = make_tensor("blk.1.ffn_down.weight", 1, kMaxAdapterWidth + 1, 3);
  expect_error(parse_adapter(write_adapter(adapter)), ErrorCode::kLimit, "blk.1.ffn_down.weight.lora_a");
}

TEST(Adapter, RefusesValuesThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Adapter adapter = sample();
    adapter.tensors[0].b[4 * 7 + 2] = bad;
    expect_error(parse_adapter(write_adapter(adapter)), ErrorCode::kCorrupt, "'blk.0.attn_q.weight.lora_b' row 7");
  }
}

TEST(Adapter, EveryTruncationIsRefused) {
  const Bytes bytes = write_adapter(sample());
  const std::size_t data_end = bytes.size() - (32 - 2 * 8 % 32);  // what follows is padding
  for (std::size_t n = 0; n < data_end; ++n) EXPECT_FALSE(parse_adapter(ByteView(bytes).first(n))) << n;
}

// An error, or an adapter whose parts fit together and that can be written again.
TEST(Adapter, FlippedBytesNeverCrash) {
  const Bytes bytes = write_adapter(sample());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const std::uint8_t flip : {0x01, 0x10, 0x80, 0xFF}) {
      Bytes changed = bytes;
      changed[i] ^= flip;
      auto adapter = parse_adapter(changed);
      if (!adapter) {
        EXPECT_FALSE(adapter.error().message.empty());
        continue;
      }
      for (const AdapterTensor& tensor : adapter->tensors) {
        ASSERT_EQ(tensor.a.size(), std::size_t{tensor.rank} * tensor.in);
        ASSERT_EQ(tensor.b.size(), std::size_t{tensor.rank} * tensor.out);
        for (const float value : tensor.a) ASSERT_TRUE(std::isfinite(value));
      }
      EXPECT_TRUE(parse_adapter(write_adapter(*adapter))) << i;
    }
  }
}

TEST(Adapter, HexOfAHash) {
  EXPECT_EQ(to_hex(*sha256_from_hex(kHash)), kHash);
  EXPECT_FALSE(sha256_from_hex(std::string(kHash) + "0"));
  EXPECT_FALSE(sha256_from_hex("g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
}

TEST(Adapter, ExactPrecisionKeepsEveryBit) {
  Adapter in = sample();
  in.tensors[0].a[3] = 0.1f;  // neither F16 nor BF16
  in.tensors[0].b.assign(in.tensors[0].b.size(), 1.5e-20f);
  for (float& v : in.tensors[0].b) v = bf16_to_float(float_to_bf16(v));  // BF16 alone
  in.tensors[1].a[0] = -0.0f;
  const Bytes bytes = write_adapter(in, AdapterPrecision::kExact);
  const GgufFile file = parse_gguf(bytes).value();
  EXPECT_EQ(file.find("blk.0.attn_q.weight.lora_a")->type, GgmlType::kF32);
  EXPECT_EQ(file.find("blk.0.attn_q.weight.lora_b")->type, GgmlType::kBF16);
  EXPECT_EQ(file.find("blk.1.ffn_down.weight.lora_a")->type, GgmlType::kF16);
  const auto out = parse_adapter(bytes);
  ASSERT_TRUE(out) << out.error().message;
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(out->tensors[i].a, in.tensors[i].a);
    EXPECT_EQ(out->tensors[i].b, in.tensors[i].b);
  }
  EXPECT_TRUE(std::signbit(out->tensors[1].a[0]));
  EXPECT_NE(parse_adapter(write_adapter(in))->tensors[0].a, in.tensors[0].a);
}

}  // namespace
}  // namespace koan
