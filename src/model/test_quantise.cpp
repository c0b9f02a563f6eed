#include "model/test_quantise.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace koan {
namespace {

using Floats = std::span<const float>;

int nearest(double x, int low, int high) { return std::clamp(static_cast<int>(std::lrint(x)), low, high); }

double append_half(Bytes& out, double value) {
  const std::uint16_t half = float_to_half(static_cast<float>(value));
  append_fixed(out, half);
  return half_to_float(half);
}

double largest_signed(Floats x) {
  return *std::max_element(x.begin(), x.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
}

// Nibbles of 32 numbers of up to five bits, and the fifth bits first where the type has them.
void append_32(Bytes& out, const int* q, bool fifth) {
  std::uint32_t high = 0;
  for (std::uint32_t i = 0; i < 32; ++i) high |= static_cast<std::uint32_t>(q[i] >> 4) << i;
  if (fifth) append_fixed(out, high);
  for (std::size_t j = 0; j < 16; ++j) out.push_back(static_cast<std::uint8_t>((q[j] & 15) | (q[j + 16] & 15) << 4));
}

void encode_symmetric(Floats x, int zero, Bytes& out) {  // Q4_0: zero 8, Q5_0: zero 16
  const double d = append_half(out, largest_signed(x) / -zero);
  int q[32];
  for (std::size_t i = 0; i < 32; ++i) q[i] = d == 0 ? zero : nearest(x[i] / d + zero, 0, 2 * zero - 1);
  append_32(out, q, zero == 16);
}

void encode_affine(Floats x, int most, Bytes& out) {  // Q4_1: most 15, Q5_1: most 31
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  const double d = append_half(out, (static_cast<double>(*high) - *low) / most);
  const double m = append_half(out, *low);
  int q[32];
  for (std::size_t i = 0; i < 32; ++i) q[i] = d == 0 ? 0 : nearest((x[i] - m) / d, 0, most);
  append_32(out, q, most == 31);
}

struct KScales {
  double d, minimum;
  int scale[8], offset[8];
};

KScales choose_k_scales(Floats x, int most, Bytes& out) {
  double scales[8], minima[8];
  for (std::size_t s = 0; s < 8; ++s) {
    const auto [low, high] = std::minmax_element(x.begin() + static_cast<std::ptrdiff_t>(s) * 32,
                                                 x.begin() + static_cast<std::ptrdiff_t>(s + 1) * 32);
    minima[s] = std::max(0.0, -static_cast<double>(*low));
    scales[s] = (*high + minima[s]) / most;
  }
  KScales k{};
  k.d = append_half(out, *std::max_element(scales, scales + 8) / 63);
  k.minimum = append_half(out, *std::max_element(minima, minima + 8) / 63);
  for (std::size_t s = 0; s < 8; ++s) {
    k.scale[s] = k.d == 0 ? 0 : nearest(scales[s] / k.d, 0, 63);
    k.offset[s] = k.minimum == 0 ? 0 : nearest(minima[s] / k.minimum, 0, 63);
  }
  std::uint8_t packed[12] = {};
  for (std::size_t s = 0; s < 4; ++s) {
    packed[s] = static_cast<std::uint8_t>(k.scale[s] | k.scale[s + 4] >> 4 << 6);
    packed[s + 4] = static_cast<std::uint8_t>(k.offset[s] | k.offset[s + 4] >> 4 << 6);
    packed[s + 8] = static_cast<std::uint8_t>((k.scale[s + 4] & 15) | (k.offset[s + 4] & 15) << 4);
  }
  out.insert(out.end(), packed, packed + 12);
  return k;
}

void encode_k(Floats x, int most, Bytes& out) {  // Q4_K: most 15, Q5_K: most 31
  const KScales k = choose_k_scales(x, most, out);
  int q[256];
  for (std::size_t i = 0; i < 256; ++i) {
    const double step = k.d * k.scale[i / 32];
    q[i] = step == 0 ? 0 : nearest((x[i] + k.minimum * k.offset[i / 32]) / step, 0, most);
  }
  if (most == 31) {
    for (std::size_t l = 0; l < 32; ++l) {
      int bits = 0;
      for (std::size_t s = 0; s < 8; ++s) bits |= q[s * 32 + l] >> 4 << s;
      out.push_back(static_cast<std::uint8_t>(bits));
    }
  }
  for (std::size_t pair = 0; pair < 4; ++pair) {
    for (std::size_t l = 0; l < 32; ++l)
      out.push_back(static_cast<std::uint8_t>((q[pair * 64 + l] & 15) | (q[pair * 64 + 32 + l] & 15) << 4));
  }
}

void encode_q6_k(Floats x, Bytes& out) {
  double scales[16];
  for (std::size_t s = 0; s < 16; ++s) scales[s] = largest_signed(x.subspan(s * 16, 16)) / -32;
  const double d = half_to_float(float_to_half(
      static_cast<float>(std::fabs(*std::max_element(scales, scales + 16,
                                                     [](double a, double b) { return std::fabs(a) < std::fabs(b); })) /
                         127)));
  int sc[16], q[256];
  for (std::size_t s = 0; s < 16; ++s) sc[s] = d == 0 ? 0 : nearest(scales[s] / d, -128, 127);
  for (std::size_t i = 0; i < 256; ++i) q[i] = sc[i / 16] == 0 ? 32 : nearest(x[i] / (d * sc[i / 16]) + 32, 0, 63);
  std::uint8_t low[128] = {}, high[64] = {};
  for (std::size_t i = 0; i < 256; ++i) {  // element i is in half h, quarter p of it, place l
    const std::size_t h = i / 128, p = i % 128 / 32, l = i % 32;
    low[h * 64 + p % 2 * 32 + l] |= static_cast<std::uint8_t>((q[i] & 15) << (p / 2 * 4));
    high[h * 32 + l] |= static_cast<std::uint8_t>(q[i] >> 4 << (p * 2));
  }
  out.insert(out.end(), low, low + 128);
  out.insert(out.end(), high, high + 64);
  for (const int s : sc) out.push_back(static_cast<std::uint8_t>(s));
  append_half(out, d);
}

void encode_block(Floats x, GgmlType type, Bytes& out) {
  switch (type) {
    case GgmlType::kF32:
      return append_fixed(out, std::bit_cast<std::uint32_t>(x[0]));
    case GgmlType::kF16:
      return append_fixed(out, float_to_half(x[0]));
    case GgmlType::kBF16:
      return append_fixed(out, float_to_bf16(x[0]));
    case GgmlType::kQ8_0:
      return append_bytes(out, quantize_q8_0(x));
    case GgmlType::kQ4_0:
      return encode_symmetric(x, 8, out);
    case GgmlType::kQ5_0:
      return encode_symmetric(x, 16, out);
    case GgmlType::kQ4_1:
      return encode_affine(x, 15, out);
    case GgmlType::kQ5_1:
      return encode_affine(x, 31, out);
    case GgmlType::kQ4_K:
      return encode_k(x, 15, out);
    case GgmlType::kQ5_K:
      return encode_k(x, 31, out);
    case GgmlType::kQ6_K:
      return encode_q6_k(x, out);
  }
}

double half_at(ByteView b, std::size_t at) { return half_to_float(static_cast<std::uint16_t>(b[at] | b[at + 1] << 8)); }

// Element i of a block of 32 with the nibbles at `at`, bit 4 from the four bytes before them if `fifth`.
int nibble_of_32(ByteView b, std::size_t at, bool fifth, std::size_t i) {
  const int nibble = i < 16 ? b[at + i] & 15 : b[at + i - 16] >> 4;
  return nibble + (fifth && (b[at - 4 + i / 8] >> (i % 8) & 1) ? 16 : 0);
}

double k_element(ByteView b, bool fifth, std::size_t i) {
  const std::size_t s = i / 32, l = i % 32;
  const ByteView packed = b.subspan(4, 12);
  const int scale = s < 4 ? packed[s] & 63 : (packed[s + 4] & 15) | (packed[s - 4] >> 6) << 4;
  const int offset = s < 4 ? packed[s + 4] & 63 : (packed[s + 4] >> 4) | (packed[s] >> 6) << 4;
  const int byte = b[(fifth ? 48 : 16) + s / 2 * 32 + l];
  int q = s % 2 == 0 ? byte & 15 : byte >> 4;
  if (fifth && (b[16 + l] >> s & 1)) q += 16;
  return half_at(b, 0) * scale * q - half_at(b, 2) * offset;
}

double q6_k_element(ByteView b, std::size_t i) {
  const std::size_t h = i / 128, l = i % 32;
  const ByteView low = b.subspan(h * 64, 64), high = b.subspan(128 + h * 32, 32);
  int q = 0;
  switch (i % 128 / 32) {
    case 0:
      q = (low[l] & 15) | (high[l] & 3) << 4;
      break;
    case 1:
      q = (low[l + 32] & 15) | (high[l] >> 2 & 3) << 4;
      break;
    case 2:
      q = low[l] >> 4 | (high[l] >> 4 & 3) << 4;
      break;
    default:
      q = low[l + 32] >> 4 | (high[l] >> 6 & 3) << 4;
  }
  return half_at(b, 208) * static_cast<std::int8_t>(b[192 + i / 16]) * (q - 32);
}

double element(GgmlType type, ByteView b, std::size_t i) {
  switch (type) {
    case GgmlType::kF32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(b[0]) | static_cast<std::uint32_t>(b[1]) << 8 |
                                  static_cast<std::uint32_t>(b[2]) << 16 | static_cast<std::uint32_t>(b[3]) << 24);
    case GgmlType::kF16:
      return half_at(b, 0);
    case GgmlType::kBF16:
      return bf16_to_float(static_cast<std::uint16_t>(b[0] | b[1] << 8));
    case GgmlType::kQ8_0:
      return half_at(b, 0) * static_cast<std::int8_t>(b[2 + i]);
    case GgmlType::kQ4_0:
      return half_at(b, 0) * (nibble_of_32(b, 2, false, i) - 8);
    case GgmlType::kQ4_1:
      return half_at(b, 0) * nibble_of_32(b, 4, false, i) + half_at(b, 2);
    case GgmlType::kQ5_0:
      return half_at(b, 0) * (nibble_of_32(b, 6, true, i) - 16);
    case GgmlType::kQ5_1:
      return half_at(b, 0) * nibble_of_32(b, 8, true, i) + half_at(b, 2);
    case GgmlType::kQ4_K:
      return k_element(b, false, i);
    case GgmlType::kQ5_K:
      return k_element(b, true, i);
    case GgmlType::kQ6_K:
      return q6_k_element(b, i);
  }
  return 0;
}

}  // namespace

Bytes quantise(Floats values, GgmlType type) {
  Bytes out;
  const std::size_t elements = ggml_block(type).elements;
  for (std::size_t i = 0; i < values.size(); i += elements) encode_block(values.subspan(i, elements), type, out);
  return out;
}

std::vector<double> dequantise(const GgufTensor& tensor) {
  const auto [elements, bytes] = ggml_block(tensor.type);
  std::vector<double> out(tensor.element_count());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = element(tensor.type, tensor.data.subspan(i / elements * bytes, bytes), i % elements);
  return out;
}

}  // namespace koan
