#include "model/merge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "base/half.h"
#include "kernels/dispatch.h"
#include "model/streams.h"
#include "model/test_models.h"

namespace koan {
namespace {

// --- An independent merge: GGUF tensor in, F32 GGUF tensor out, one element after the other ---

struct Group {
  float values[32];
};

// By the rule of numerics section 2, with libm's rounding instead of the trick of the library.
Group requantise(const Group& in) {
  float largest = 0;
  for (const float v : in.values) largest = std::fmax(largest, std::fabs(v));
  const float scale = half_to_float(float_to_half(largest / 127.0f));
  Group out{};
  for (int i = 0; i < 32 && scale > 0; ++i)
    out.values[i] = static_cast<float>(std::clamp(std::nearbyint(in.values[i] / scale), -127.0f, 127.0f)) * scale;
  return out;
}

std::vector<float> merged_values(const GgufTensor& tensor, const AdapterTensor& pair, float alpha) {
  const std::vector<double> values = dequantise(tensor);
  const std::size_t in = tensor.shape[0], rows = tensor.shape[1];
  const volatile float scale = alpha == 0 ? 1.0f : alpha / static_cast<float>(pair.rank);
  std::vector<float> out(values.size());
  for (std::size_t o = 0; o < rows; ++o) {
    for (std::size_t g = 0; g < in; g += 32) {
      Group base{}, sum{};
      bool touched = false;
      for (std::size_t i = g; i < std::min(in, g + 32); ++i)
        base.values[i - g] = static_cast<float>(values[o * in + i]);
      if (tensor.type != GgmlType::kQ8_0) base = requantise(base);
      for (std::size_t i = g; i < std::min(in, g + 32); ++i) {
        volatile float delta = 0;  // volatile: each step is rounded, whatever the compiler
        for (std::size_t r = 0; r < pair.rank; ++r) {
          const volatile float product = pair.b[o * pair.rank + r] * pair.a[r * in + i];
          delta = delta + product;
        }
        const volatile float term = scale * delta;
        touched = touched || term != 0;
        sum.values[i - g] = base.values[i - g] + term;
      }
      const Group result = touched ? requantise(sum) : base;
      for (std::size_t i = g; i < std::min(in, g + 32); ++i) out[o * in + i] = result.values[i - g];
    }
  }
  return out;
}

// --- Adapters and comparisons ---

AdapterTensor random_pair(const GgufTensor& tensor, std::uint32_t rank, unsigned seed, double size = 0.1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  AdapterTensor out{
      tensor.name, rank, static_cast<std::uint32_t>(tensor.shape[0]), static_cast<std::uint32_t>(tensor.shape[1]),
      {},          {}};
  for (std::size_t i = 0; i < std::size_t{rank} * out.in; ++i) out.a.push_back(static_cast<float>(uniform(random)));
  for (std::size_t i = 0; i < std::size_t{rank} * out.out; ++i)
    out.b.push_back(static_cast<float>(size * uniform(random)));
  return out;
}

constexpr const char* kParts[] = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};

// All seven matrices of block 1, and only down of block 0.
Adapter random_adapter(TestModel& model, const std::string& architecture) {
  Adapter out;
  out.name = "random";
  out.architecture = architecture;
  out.alpha = 3;
  unsigned seed = 1;
  for (const char* part : kParts) {
    const std::uint32_t rank = 1 + seed % 5;
    out.tensors.push_back(random_pair(model.tensor(std::string("blk.1.") + part + ".weight"), rank, seed));
    ++seed;
  }
  out.tensors.push_back(random_pair(model.tensor("blk.0.ffn_down.weight"), 6, 99));
  return out;
}

bool same(const PackedStorage& a, const PackedStorage& b) {
  const PackedMatrix x = a.matrix(), y = b.matrix();
  if (x.row_blocks != y.row_blocks || x.groups != y.groups) return false;
  const std::size_t blocks = static_cast<std::size_t>(x.row_blocks) * static_cast<std::size_t>(x.groups);
  return std::memcmp(x.quants, y.quants, blocks * 512) == 0 && std::memcmp(x.scales, y.scales, blocks * 64) == 0;
}

bool shared(const PackedStorage& a, const PackedStorage& b) { return a.matrix().quants == b.matrix().quants; }

std::vector<std::uint32_t> frequencies(std::shared_ptr<const Weights> weights) {
  Streams streams = Streams::create(std::move(weights), choose_kernels().value(), {64, 4}, 1, 4).value();
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < 20; i += 4) {
    const std::vector<Row> rows = {{0, i}, {0, i + 1}, {0, i + 2}, {0, i + 3}};
    streams.forward(rows);
    for (std::uint32_t r = 0; r < 4; ++r) {
      const auto freqs = streams.next(r).freqs;
      out.insert(out.end(), freqs.begin(), freqs.end());
    }
  }
  return out;
}

void expect_error(const Result<Weights>& result, ErrorCode code, const std::string& words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

// --- Tests ---

// The merged weights are those of a file whose tensors were merged one element at a time.
TEST(Merge, EqualsAModelMergedInItsFile) {
  const TestShape shapes[] = {
      {},
      {.architecture = "qwen3", .tied = false, .seed = 2},
      {.width = 40, .feed_forward = 50, .heads = 5, .kv_heads = 5, .head_dim = 8, .type = GgmlType::kF32, .seed = 3},
      {.width = 96, .feed_forward = 160, .heads = 6, .kv_heads = 3, .head_dim = 16, .type = GgmlType::kF16, .seed = 4},
      {.architecture = "qwen2", .seed = 5},
      {.architecture = "gemma", .kv_heads = 1, .seed = 6},
      {.architecture = "gemma2", .seed = 7},
      {.architecture = "gemma3", .head_dim = 48, .seed = 8},
  };
  for (const TestShape& shape : shapes) {
    TestModel model(shape);
    const Weights base = Weights::from_gguf(model.file).value();
    const Adapter adapter = random_adapter(model, shape.architecture);
    auto merged = merge(base, adapter);
    ASSERT_TRUE(merged) << merged.error().message;
    std::deque<Bytes> memory;
    for (const AdapterTensor& pair : adapter.tensors) {
      GgufTensor& tensor = model.tensor(pair.target);
      Bytes& bytes = memory.emplace_back();
      for (const float v : merged_values(tensor, pair, adapter.alpha))
        append_fixed(bytes, std::bit_cast<std::uint32_t>(v));
      tensor.type = GgmlType::kF32;
      tensor.data = bytes;
    }
    Weights expected = Weights::from_gguf(model.file).value();
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(same(merged->layers[i].qkv, expected.layers[i].qkv)) << shape.seed << " " << i;
      EXPECT_TRUE(same(merged->layers[i].attention_output, expected.layers[i].attention_output)) << shape.seed;
      EXPECT_TRUE(same(merged->layers[i].gate_up, expected.layers[i].gate_up)) << shape.seed << " " << i;
      EXPECT_TRUE(same(merged->layers[i].down, expected.layers[i].down)) << shape.seed << " " << i;
    }
    EXPECT_FALSE(same(base.layers[1].qkv, expected.layers[1].qkv));
    EXPECT_TRUE(same(merged->embedding, expected.embedding));
    EXPECT_EQ(frequencies(std::make_shared<const Weights>(std::move(merged).value())),
              frequencies(std::make_shared<const Weights>(std::move(expected))));
  }
}

TEST(Merge, SharesWhatTheAdapterDoesNotTouch) {
  TestModel model({.tied = false});
  const Weights base = Weights::from_gguf(model.file).value();
  Adapter adapter = random_adapter(model, "llama");
  adapter.tensors.resize(1);  // blk.1.attn_q
  const Weights merged = merge(base, adapter).value();
  EXPECT_TRUE(shared(merged.embedding, base.embedding));
  EXPECT_TRUE(shared(merged.output_layer(), base.output_layer()));
  EXPECT_TRUE(shared(merged.layers[0].qkv, base.layers[0].qkv));
  EXPECT_TRUE(shared(merged.layers[1].down, base.layers[1].down));
  EXPECT_FALSE(shared(merged.layers[1].qkv, base.layers[1].qkv));
  EXPECT_EQ(merged.output_norm.data(), base.output_norm.data());
  EXPECT_EQ(merged.parameters, base.parameters);
  EXPECT_EQ(merged.multiply_adds_per_token, base.multiply_adds_per_token);
}

TEST(Merge, AnAdapterThatAddsNothingChangesNothing) {
  TestModel model({.seed = 6});
  auto base = std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
  Adapter adapter = random_adapter(model, "llama");
  const auto before = frequencies(base);
  EXPECT_NE(frequencies(std::make_shared<const Weights>(merge(*base, adapter).value())), before);
  for (AdapterTensor& tensor : adapter.tensors) std::fill(tensor.b.begin(), tensor.b.end(), -0.0f);
  const auto zero = std::make_shared<const Weights>(merge(*base, adapter).value());
  EXPECT_TRUE(same(zero->layers[1].qkv, base->layers[1].qkv));
  EXPECT_TRUE(same(zero->layers[1].gate_up, base->layers[1].gate_up));
  EXPECT_EQ(frequencies(zero), before);
}

// Groups that no quantiser of ours writes: -128, a largest value far below 127, a subnormal scale. Where nothing is
// added they stay as they are, also beside a group that changes.
TEST(Merge, GroupsWithoutADeltaKeepTheirBytes) {
  TestModel model({.seed = 7});
  Bytes& data = model.own_data("blk.0.attn_output.weight");
  data[0] = 1;  // row 0, group 0: the smallest subnormal scale, quants of at most 3
  data[1] = 0;
  for (int i = 0; i < 32; ++i) data[2 + i] = static_cast<std::uint8_t>(i % 4);
  data[4 * 34 + 2] = 0x80;  // row 1 (of 4 groups), group 0: -128
  const Weights base = Weights::from_gguf(model.file).value();
  Adapter adapter;
  adapter.architecture = "llama";
  adapter.tensors.push_back(random_pair(model.tensor("blk.0.attn_output.weight"), 2, 5));
  for (std::size_t r = 0; r < 2; ++r) std::fill_n(adapter.tensors[0].a.begin() + r * 128, 32, 0.0f);
  const Weights merged = merge(base, adapter).value();
  const PackedMatrix before = base.layers[0].attention_output.matrix(),
                     after = merged.layers[0].attention_output.matrix();
  EXPECT_EQ(std::memcmp(before.quants, after.quants, 512), 0);  // group 0 of rows 0 to 15
  EXPECT_EQ(std::memcmp(before.scales, after.scales, 64), 0);
  EXPECT_NE(std::memcmp(before.quants + 512, after.quants + 512, 512), 0);
  EXPECT_NE(std::memcmp(before.scales + 16, after.scales + 16, 64), 0);
}

// Bases of other types than Q8_0 have scales that Q8_0 has not; they stay where nothing is added, and elsewhere the sum
// is quantised as ever.
TEST(Merge, BasesOfEveryQuantisedType) {
  for (const GgmlType type : {GgmlType::kQ4_0, GgmlType::kQ4_1, GgmlType::kQ5_0, GgmlType::kQ5_1, GgmlType::kQ4_K,
                              GgmlType::kQ5_K, GgmlType::kQ6_K}) {
    TestModel model({.architecture = "qwen2", .width = 256, .type = type});
    const Weights base = Weights::from_gguf(model.file).value();
    Adapter adapter;
    adapter.architecture = "qwen2";
    adapter.tensors.push_back(random_pair(model.tensor("blk.0.ffn_up.weight"), 1, 5));
    AdapterTensor& pair = adapter.tensors[0];
    std::fill_n(pair.a.begin(), 64, 0.0f);
    const Weights merged = merge(base, adapter).value();
    const std::uint32_t row = base.feed_forward_stride + 3;  // row 3 of up
    std::vector<float> before(256), after(256);
    base.layers[0].gate_up.row(row, before.data());
    merged.layers[0].gate_up.row(row, after.data());
    for (std::size_t g = 0; g < 256; g += 32) {
      Group sum{};
      for (std::size_t i = 0; i < 32; ++i) {
        const volatile float term = pair.b[3] * pair.a[g + i];
        sum.values[i] = before[g + i] + term;
      }
      const Group expected = g < 64 ? sum : requantise(sum);
      for (std::size_t i = 0; i < 32; ++i) ASSERT_EQ(after[g + i], expected.values[i]) << ggml_type_name(type) << g + i;
    }
  }
}

// True of scales that are normal in F16. With a subnormal one the largest quant is not 127 and requantising moves the
// scale, which is why groups without a delta are kept rather than quantised again.
TEST(Merge, QuantisingAnExactRowAgainIsIdempotent) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<float> values(32);
    const double size = std::pow(2.0, -6.0 + trial % 22);
    for (float& v : values) v = static_cast<float>(size * uniform(random));
    const Bytes once = quantize_q8_0(values);
    const float scale = half_to_float(static_cast<std::uint16_t>(once[0] | once[1] << 8));
    for (std::size_t i = 0; i < 32; ++i) values[i] = static_cast<float>(static_cast<std::int8_t>(once[2 + i])) * scale;
    ASSERT_EQ(quantize_q8_0(values), once) << trial;
  }
}

TEST(Merge, RefusesWhatDoesNotFit) {
  TestModel model({});
  const Weights base = Weights::from_gguf(model.file).value();
  const Adapter good = random_adapter(model, "llama");
  const auto spoiled = [&](const std::function<void(Adapter&)>& spoil) {
    Adapter bad = good;
    spoil(bad);
    return merge(base, bad);
  };
  expect_error(spoiled([](Adapter& a) { a.architecture = "qwen3"; }), ErrorCode::kNeedsModel, "'qwen3'");
  expect_error(spoiled([](Adapter& a) { a.tensors[0].target = "blk.2.attn_q.weight"; }), ErrorCode::kNeedsModel,
               "'blk.2.attn_q.weight': the model has only 2 blocks");
  for (const char* name : {"output.weight", "blk.0.attn_norm.weight", "blk.01.attn_q.weight", "blk..attn_q.weight",
                           "blk.-1.attn_q.weight", "blk.99999999999.attn_q.weight", "blk.0", "blk.", ""}) {
    expect_error(spoiled([&](Adapter& a) { a.tensors[0].target = name; }), ErrorCode::kNotSupported, name);
  }
  expect_error(spoiled([](Adapter& a) { a.tensors[0].target = "blk.1.ffn_down.weight"; }), ErrorCode::kNeedsModel,
               "has the shape [in 64, out 128], the model's is [in 96, out 64]");
  expect_error(spoiled([](Adapter& a) { a.tensors[1] = a.tensors[0]; }), ErrorCode::kCorrupt, "twice");
  expect_error(spoiled([](Adapter& a) { a.tensors[0].b.pop_back(); }), ErrorCode::kCorrupt, "blk.1.attn_q.weight");
}

TEST(Merge, RefusesWeightsThatAreNotFiniteOrBeyondQ8) {
  TestModel model({});
  const Weights base = Weights::from_gguf(model.file).value();
  for (const float factor : {1e38f, 9e6f, std::numeric_limits<float>::quiet_NaN()}) {
    Adapter adapter;
    adapter.architecture = "llama";
    adapter.tensors.push_back(random_pair(model.tensor("blk.0.ffn_up.weight"), 1, 3));
    adapter.tensors[0].a[40] = 10;
    adapter.tensors[0].b[17] = factor;
    expect_error(merge(base, adapter), ErrorCode::kCorrupt, "'blk.0.ffn_up.weight' makes row 17 not finite");
  }
}

}  // namespace
}  // namespace koan
