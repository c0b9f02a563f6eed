// The bits of numerics version 2 for what the known-answer check does not run: each architecture, and the conversion of
// each tensor type. The models are made of integers, so that nothing but the contract decides. A constant that changes
// is a new version.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/split_mix.h"
#include "kernels/dispatch.h"
#include "model/streams.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

// Positive, from 1/2 to 2, of few bits: scales and floats alike.
void fill(GgufTensor& tensor, Bytes& data, std::uint64_t& random) {
  const auto byte = [&] { return static_cast<std::uint8_t>(split_mix(random)); };
  if (tensor.type == GgmlType::kF32) {
    const std::uint32_t base = tensor.name == "rope_freqs.weight" ? 0x3F800000u : 0x3F000000u;
    for (std::size_t i = 0; i < data.size(); i += 4) {
      const std::uint32_t bits = base | (static_cast<std::uint32_t>(byte()) << 15);
      for (std::size_t b = 0; b < 4; ++b) data[i + b] = static_cast<std::uint8_t>(bits >> (8 * b));
    }
    return;
  }
  for (std::uint8_t& b : data) b = byte();
  const std::size_t block = ggml_block(tensor.type).bytes;
  for (std::size_t i = 0; i < data.size(); i += block) {
    // f16 of 2^-9 to 2^-8 (Q8_0), 2^-12 to 2^-11 (with scales of six or eight bits) in the places of d, and of m or
    // dmin.
    const bool scaled = block > 34, last = tensor.type == GgmlType::kQ6_K;
    const std::uint8_t high = scaled ? 0x0C : 0x18;
    data[i + (last ? 209 : 1)] = static_cast<std::uint8_t>(high | (byte() & 3));
    const bool two = tensor.type == GgmlType::kQ4_1 || tensor.type == GgmlType::kQ5_1 || (scaled && !last);
    if (two) data[i + 3] = static_cast<std::uint8_t>((scaled ? 0x0C : 0xA0) | (byte() & 3));
  }
}

std::uint64_t hash_of(const TestShape& shape) {
  TestModel model(shape);
  std::uint64_t random = 5;
  for (GgufTensor& tensor : model.file.tensors) fill(tensor, model.own_data(tensor.name), random);
  auto weights = Weights::from_gguf(model.file);
  EXPECT_TRUE(weights) << weights.error().message;
  if (!weights) return 0;
  Streams streams =
      Streams::create(std::make_shared<const Weights>(std::move(*weights)), choose_kernels().value(), {40, 4}, 1, 8)
          .value();
  StreamHash hash;
  std::vector<Row> rows(8);
  for (int call = 0; call < 18; ++call) {  // across 128 positions
    for (Row& row : rows) row = {0, static_cast<Token>(split_mix(random) % shape.vocabulary)};
    streams.forward(rows);
    for (const std::uint32_t r : {2u, 7u}) {
      Bytes bytes;
      for (const std::uint32_t f : streams.next(r).freqs) append_fixed(bytes, f);
      hash.update(bytes);
    }
  }
  return hash.digest();
}

TEST(Pinned, Architectures) {
  const std::map<std::string, GgufValue> window = {{"attention.sliding_window", std::uint64_t{24}},
                                                   {"rope.freq_base", 1e6}};
  std::map<std::string, GgufValue> linear = window;
  linear["rope.scaling.factor"] = 8.0;
  EXPECT_EQ(hash_of({.architecture = "qwen2"}), 164658077624634533u);
  EXPECT_EQ(hash_of({.bias = true, .divisors = true, .keys = window}), 4684444499875338910u);
  EXPECT_EQ(hash_of({.architecture = "gemma", .head_dim = 48}), 3235100521641186947u);
  EXPECT_EQ(hash_of({.architecture = "gemma2", .keys = window}), 9994037125760432150u);
  EXPECT_EQ(hash_of({.architecture = "gemma3", .layers = 6, .keys = linear}), 5751041139100830671u);
}

TEST(Pinned, TensorTypes) {
  const auto typed = [](GgmlType type) {
    return hash_of({.width = 256, .layers = 1, .feed_forward = 256, .head_dim = 64, .type = type});
  };
  EXPECT_EQ(typed(GgmlType::kQ4_0), 5172786507406892422u);
  EXPECT_EQ(typed(GgmlType::kQ4_1), 10106537430924990539u);
  EXPECT_EQ(typed(GgmlType::kQ5_0), 5533926701433303506u);
  EXPECT_EQ(typed(GgmlType::kQ5_1), 12752567299527896263u);
  EXPECT_EQ(typed(GgmlType::kQ4_K), 7592907579989024750u);
  EXPECT_EQ(typed(GgmlType::kQ5_K), 9491194014811634135u);
  EXPECT_EQ(typed(GgmlType::kQ6_K), 7945879276876867273u);
}

}  // namespace
}  // namespace koan
