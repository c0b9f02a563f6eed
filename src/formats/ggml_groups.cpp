// Layouts of the blocks: ggml's own description, in the words of docs/numerics.md section 2. Integers are
// little-endian.
#include "formats/ggml_groups.h"

#include <bit>

#include "base/half.h"

namespace koan {
namespace {

std::uint16_t read_u16(const std::uint8_t* p) noexcept { return static_cast<std::uint16_t>(p[0] | (p[1] << 8)); }
std::uint32_t read_u32(const std::uint8_t* p) noexcept {
  return static_cast<std::uint32_t>(read_u16(p)) | (static_cast<std::uint32_t>(read_u16(p + 2)) << 16);
}
float read_half(const std::uint8_t* p) noexcept { return half_to_float(read_u16(p)); }

std::int8_t small(std::uint32_t unsigned_units, int zero) noexcept {
  return static_cast<std::int8_t>(static_cast<int>(unsigned_units) - zero);
}

void set(GgmlGroup& out, float step, float offset) noexcept {
  out.step[0] = out.step[1] = step;
  out.offset = offset;
}

// 16 bytes: element j in the low nibble of byte j, element j + 16 in the high one. Bit j of `high` is bit 4 of element
// j.
void nibbles(const std::uint8_t* p, std::uint32_t high, int zero, GgmlGroup& out) noexcept {
  for (std::uint32_t j = 0; j < 16; ++j) {
    out.units[j] = small((p[j] & 15u) | ((high >> j & 1u) << 4), zero);
    out.units[j + 16] = small((p[j] >> 4 & 15u) | ((high >> (j + 16) & 1u) << 4), zero);
  }
}

void read_q8_0(const std::uint8_t* p, GgmlGroup& out) noexcept {
  set(out, read_half(p), 0.0f);
  for (std::uint32_t i = 0; i < kGgmlGroup; ++i) out.units[i] = static_cast<std::int8_t>(p[2 + i]);
}

// Six bits of scale and six of minimum for each of eight sub-blocks, in twelve bytes.
struct SubBlock {
  std::uint32_t scale, minimum;
};
SubBlock sub_block(const std::uint8_t* s, std::uint32_t i) noexcept {
  if (i < 4) return {s[i] & 63u, s[i + 4] & 63u};
  const std::uint32_t low = s[i + 4];
  return {(low & 15u) | (s[i - 4] >> 6 << 4), (low >> 4) | (s[i] >> 6 << 4)};
}

// Q4_K, and with `fifth` bits Q5_K: bit i of fifth[l] belongs to element l of sub-block i.
void read_k_mins(const std::uint8_t* p, const std::uint8_t* fifth, const std::uint8_t* low, GgmlGroup* out) noexcept {
  const float d = read_half(p), d_min = read_half(p + 2);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto [scale, minimum] = sub_block(p + 4, i);
    set(out[i], d * static_cast<float>(scale), -(d_min * static_cast<float>(minimum)));
    const std::uint8_t* const bytes = low + i / 2 * 32;
    for (std::uint32_t l = 0; l < 32; ++l) {
      const std::uint32_t bit = fifth == nullptr ? 0u : (fifth[l] >> i & 1u);
      out[i].units[l] = small((bytes[l] >> (i % 2 * 4) & 15u) | (bit << 4), 0);
    }
  }
}

// Per half of 128 elements: 64 bytes of low nibbles, 32 of the two bits above them, 8 scales of 16 elements each.
void read_q6_k(const std::uint8_t* p, GgmlGroup* out) noexcept {
  const float d = read_half(p + 208);
  for (std::uint32_t g = 0; g < 8; ++g) {
    const std::uint32_t half = g / 4, part = g % 4;
    const std::uint8_t* const low = p + half * 64 + part % 2 * 32;
    const std::uint8_t* const high = p + 128 + half * 32;
    const std::uint8_t* const scales = p + 192 + half * 8 + part * 2;
    out[g].offset = 0.0f;
    for (std::uint32_t i = 0; i < 2; ++i) out[g].step[i] = d * static_cast<float>(static_cast<std::int8_t>(scales[i]));
    for (std::uint32_t l = 0; l < 32; ++l)
      out[g].units[l] = small((low[l] >> (part / 2 * 4) & 15u) | ((high[l] >> (part * 2) & 3u) << 4), 32);
  }
}

}  // namespace

void read_ggml_groups(GgmlType type, const std::uint8_t* block, GgmlGroup* out) noexcept {
  switch (type) {
    case GgmlType::kQ4_0:
      set(*out, read_half(block), 0.0f);
      return nibbles(block + 2, 0, 8, *out);
    case GgmlType::kQ4_1:
      set(*out, read_half(block), read_half(block + 2));
      return nibbles(block + 4, 0, 0, *out);
    case GgmlType::kQ5_0:
      set(*out, read_half(block), 0.0f);
      return nibbles(block + 6, read_u32(block + 2), 16, *out);
    case GgmlType::kQ5_1:
      set(*out, read_half(block), read_half(block + 2));
      return nibbles(block + 8, read_u32(block + 4), 0, *out);
    case GgmlType::kQ8_0:
      return read_q8_0(block, *out);
    case GgmlType::kQ4_K:
      return read_k_mins(block, nullptr, block + 16, out);
    case GgmlType::kQ5_K:
      return read_k_mins(block, block + 16, block + 48, out);
    case GgmlType::kQ6_K:
      return read_q6_k(block, out);
    case GgmlType::kF32:
    case GgmlType::kF16:
    case GgmlType::kBF16:
      return;  // no blocks
  }
}

void ggml_values(const GgmlGroup& group, float* out) noexcept {
  for (std::uint32_t i = 0; i < kGgmlGroup; ++i)
    out[i] = group.step[i / 16] * static_cast<float>(group.units[i]) + group.offset;
}

bool read_ggml_values(GgmlType type, const std::uint8_t* data, std::span<float> out) noexcept {
  if (is_float_type(type)) {
    for (float& value : out) {
      if (type == GgmlType::kF32) value = std::bit_cast<float>(read_u32(data));
      if (type == GgmlType::kF16) value = read_half(data);
      if (type == GgmlType::kBF16) value = bf16_to_float(read_u16(data));
      data += ggml_block(type).bytes;
    }
  } else {
    GgmlGroup groups[8];
    const auto [elements, bytes] = ggml_block(type);
    for (std::size_t i = 0; i < out.size(); i += kGgmlGroup) {
      const std::size_t group = i % elements / kGgmlGroup;
      if (group == 0) read_ggml_groups(type, data + i / elements * bytes, groups);
      ggml_values(groups[group], out.data() + i);
    }
  }
  bool finite = true;
  for (const float value : out) finite = finite && is_finite(value);
  return finite;
}

}  // namespace koan
