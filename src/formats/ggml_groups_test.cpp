// Blocks whose values follow by hand from the layouts; src/model/convert_test.cpp compares random ones with a second
// decoder.
#include "formats/ggml_groups.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/half.h"
#include "formats/gguf.h"

namespace koan {
namespace {

void append_half(Bytes& out, float value) { append_fixed(out, float_to_half(value)); }

std::vector<float> values_of(GgmlType type, const Bytes& block) {
  std::vector<float> out(ggml_block(type).elements);
  EXPECT_EQ(block.size(), ggml_block(type).bytes);
  EXPECT_TRUE(read_ggml_values(type, block.data(), out));
  return out;
}

TEST(GgmlGroups, BlocksOf32) {
  Bytes nibbles;
  for (std::uint8_t j = 0; j < 16; ++j) nibbles.push_back(static_cast<std::uint8_t>(j | (15 - j) << 4));
  for (const auto& [type, fifth, offset, zero] : {std::tuple(GgmlType::kQ4_0, false, 0.0f, 8),
                                                  {GgmlType::kQ4_1, false, -1.25f, 0},
                                                  {GgmlType::kQ5_0, true, 0.0f, 16},
                                                  {GgmlType::kQ5_1, true, -1.25f, 0}}) {
    Bytes block;
    append_half(block, 0.5f);
    if (offset != 0) append_half(block, offset);
    if (fifth) append_fixed(block, std::uint32_t{0x80000002});  // elements 1 and 31
    append_bytes(block, nibbles);
    const std::vector<float> out = values_of(type, block);
    for (int i = 0; i < 32; ++i) {
      int q = i < 16 ? i : 31 - i;
      if (fifth && (i == 1 || i == 31)) q += 16;
      EXPECT_EQ(out[static_cast<std::size_t>(i)], 0.5f * static_cast<float>(q - zero) + offset)
          << ggml_type_name(type) << " element " << i;
    }
  }
}

// Scales 1..8 in all eight sub-blocks need both ways of packing: 33 and 63 have high bits.
TEST(GgmlGroups, BlocksOf256WithMinima) {
  const int scale[8] = {1, 2, 3, 33, 5, 63, 7, 48}, minimum[8] = {9, 63, 11, 32, 13, 47, 15, 16};
  for (const bool fifth : {false, true}) {
    Bytes block;
    append_half(block, 0.25f);
    append_half(block, 2.0f);
    for (int s = 0; s < 4; ++s) block.push_back(static_cast<std::uint8_t>(scale[s] | scale[s + 4] >> 4 << 6));
    for (int s = 0; s < 4; ++s) block.push_back(static_cast<std::uint8_t>(minimum[s] | minimum[s + 4] >> 4 << 6));
    for (int s = 4; s < 8; ++s) block.push_back(static_cast<std::uint8_t>((scale[s] & 15) | (minimum[s] & 15) << 4));
    if (fifth) block.insert(block.end(), 32, 0b01001000);  // sub-blocks 3 and 6
    for (int pair = 0; pair < 4; ++pair) {
      for (int l = 0; l < 32; ++l) block.push_back(static_cast<std::uint8_t>((l % 16) | (15 - l % 16) << 4));
    }
    const std::vector<float> out = values_of(fifth ? GgmlType::kQ5_K : GgmlType::kQ4_K, block);
    for (int i = 0; i < 256; ++i) {
      const int s = i / 32, l = i % 16;
      const int q = (s % 2 == 0 ? l : 15 - l) + (fifth && (s == 3 || s == 6) ? 16 : 0);
      EXPECT_EQ(out[static_cast<std::size_t>(i)],
                0.25f * static_cast<float>(scale[s] * q) - 2.0f * static_cast<float>(minimum[s]))
          << fifth << " element " << i;
    }
  }
}

TEST(GgmlGroups, BlocksOf256OfSixBits) {
  Bytes block(208);
  for (int half = 0; half < 2; ++half) {
    for (int l = 0; l < 64; ++l)
      block[static_cast<std::size_t>(half * 64 + l)] = static_cast<std::uint8_t>(half ? 0x2F : 0xA5);
    for (int l = 0; l < 32; ++l) block[static_cast<std::size_t>(128 + half * 32 + l)] = 0b11100100;  // 0, 1, 2, 3
  }
  for (int s = 0; s < 16; ++s) block[static_cast<std::size_t>(192 + s)] = static_cast<std::uint8_t>(s - 8);
  append_half(block, 0.125f);
  const std::vector<float> out = values_of(GgmlType::kQ6_K, block);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, part = i % 128 / 32;
    const int low = half == 0 ? (part < 2 ? 5 : 10) : (part < 2 ? 15 : 2);
    EXPECT_EQ(out[static_cast<std::size_t>(i)], 0.125f * static_cast<float>((i / 16 - 8) * (low + part * 16 - 32)))
        << i;
  }
}

TEST(GgmlGroups, FloatsAndWhatIsNotFinite) {
  Bytes bytes;
  append_fixed(bytes, std::bit_cast<std::uint32_t>(-1.5f));
  EXPECT_EQ(values_of(GgmlType::kF32, bytes)[0], -1.5f);
  bytes.clear();
  append_fixed(bytes, float_to_bf16(3.0f));
  EXPECT_EQ(values_of(GgmlType::kBF16, bytes)[0], 3.0f);
  bytes.clear();
  append_half(bytes, INFINITY);
  float value = 0;
  EXPECT_FALSE(read_ggml_values(GgmlType::kF16, bytes.data(), {&value, 1}));
  Bytes block(ggml_block(GgmlType::kQ4_1).bytes);
  block[3] = 0x7E;
  std::vector<float> out(32);
  EXPECT_FALSE(read_ggml_values(GgmlType::kQ4_1, block.data(), out));
}

}  // namespace
}  // namespace koan
