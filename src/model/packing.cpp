#include "model/packing.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"

namespace koan {
namespace {

constexpr std::size_t kQ8Block = 34;        // f16 scale, 32 int8
constexpr std::size_t kUnits = kGroup / 4;  // units of 4 inputs that one vector holds for 16 rows
constexpr std::size_t kPackedGroup = static_cast<std::size_t>(kGroup) * kRowBlock;

bool is_finite(float value) noexcept { return (std::bit_cast<std::uint32_t>(value) & 0x7F800000u) != 0x7F800000u; }

std::uint16_t read_u16(const std::uint8_t* p) noexcept { return static_cast<std::uint16_t>(p[0] | (p[1] << 8)); }

float read_f32(const std::uint8_t* p) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(read_u16(p)) |
                              (static_cast<std::uint32_t>(read_u16(p + 2)) << 16));
}

Error not_finite(const GgufTensor& tensor, std::uint64_t row) {
  return Error{ErrorCode::kCorrupt,
               "tensor '" + tensor.name + "' row " + std::to_string(row) + " is not finite in Q8_0"};
}

}  // namespace

std::uint32_t RowPlacement::at(std::uint32_t row) const noexcept {
  if (head == 0) return first + row;
  std::uint32_t inside = row % head;
  if (pairs) inside = (inside & 1u) * (head / 2) + inside / 2;
  return first + row / head * head_stride + inside;
}

bool fits_q8_0(std::span<const float> values) noexcept {
  return std::all_of(values.begin(), values.end(),
                     [](float v) { return v < 127.0f * 65504.0f && v > -127.0f * 65504.0f; });
}

bool read_floats(const GgufTensor& tensor, std::uint64_t first, std::span<float> out) noexcept {
  const std::size_t width = tensor.type == GgmlType::kF32 ? 4 : 2;
  const std::uint8_t* p = tensor.data.data() + first * width;
  bool finite = true;
  for (float& value : out) {
    switch (tensor.type) {
      case GgmlType::kF32:
        value = read_f32(p);
        break;
      case GgmlType::kF16:
        value = half_to_float(read_u16(p));
        break;
      default:
        value = bf16_to_float(read_u16(p));
        break;
    }
    finite = finite && is_finite(value);
    p += width;
  }
  return finite;
}

Result<PackedStorage> PackedStorage::create(std::uint64_t rows, std::uint64_t in) {
  PackedStorage out;
  out.row_blocks_ = static_cast<std::uint32_t>(round_up(rows, kRowBlock) / kRowBlock);
  out.groups_ = static_cast<std::uint32_t>(round_up(in, kGroup) / kGroup);
  const std::size_t blocks = static_cast<std::size_t>(out.row_blocks_) * out.groups_;
  if (!out.quants_.allocate(blocks * kPackedGroup) || !out.scales_.allocate(blocks * kRowBlock)) {
    return Error{ErrorCode::kLimit,
                 "not enough memory for a matrix of " + std::to_string(rows) + " by " + std::to_string(in)};
  }
  return out;
}

Status PackedStorage::put(const GgufTensor& tensor, const RowPlacement& placement) {
  const std::uint64_t in = tensor.shape[0];
  const auto rows = static_cast<std::uint32_t>(tensor.element_count() / in);
  if (tensor.type == GgmlType::kQ8_0) {
    for (std::uint32_t r = 0; r < rows; ++r) {
      if (!put_row(placement.at(r), tensor.data.data() + static_cast<std::size_t>(r) * groups_ * kQ8Block))
        return not_finite(tensor, r);
    }
    return {};
  }
  std::vector<float> values(padded_in(), 0.0f);  // what lies beyond `in` stays zero
  for (std::uint32_t r = 0; r < rows; ++r) {
    if (!read_floats(tensor, r * in, std::span(values).first(in)) || !fits_q8_0(values)) return not_finite(tensor, r);
    const Bytes blocks = quantize_q8_0(values);
    if (!put_row(placement.at(r), blocks.data())) return not_finite(tensor, r);
  }
  return {};
}

bool PackedStorage::put_row(std::uint32_t index, const std::uint8_t* q8_blocks) noexcept {
  bool finite = true;
  for (std::uint32_t g = 0; g < groups_; ++g) finite = put_group(index, g, q8_blocks + g * kQ8Block) && finite;
  return finite;
}

bool PackedStorage::put_group(std::uint32_t row, std::uint32_t group, const std::uint8_t* q8_block) noexcept {
  const std::size_t lane = row % kRowBlock;
  const std::size_t at = static_cast<std::size_t>(row / kRowBlock) * groups_ + group;
  const float scale = half_to_float(read_u16(q8_block));
  scales_.data()[at * kRowBlock + lane] = scale;
  std::int8_t* to = quants_.data() + at * kPackedGroup + lane * 4;
  for (std::size_t k = 0; k < kUnits; ++k) std::memcpy(to + k * kRowBlock * 4, q8_block + 2 + k * 4, 4);
  return is_finite(scale);
}

Result<PackedStorage> PackedStorage::copy() const {
  KOAN_ASSIGN(PackedStorage out, create(padded_rows(), padded_in()));
  std::memcpy(out.quants_.data(), quants_.data(), quants_.bytes());
  std::memcpy(out.scales_.data(), scales_.data(), scales_.bytes());
  return out;
}

PackedStorage PackedStorage::borrow() const noexcept {
  PackedStorage out;
  out.quants_ = quants_.borrow();
  out.scales_ = scales_.borrow();
  out.row_blocks_ = row_blocks_;
  out.groups_ = groups_;
  return out;
}

void PackedStorage::row(std::uint32_t index, float* out) const noexcept {
  const std::size_t lane = index % kRowBlock;
  const std::size_t base = static_cast<std::size_t>(index / kRowBlock) * groups_;
  for (std::size_t g = 0; g < groups_; ++g) {
    const float scale = scales_.data()[(base + g) * kRowBlock + lane];
    const std::int8_t* from = quants_.data() + (base + g) * kPackedGroup + lane * 4;
    for (std::size_t k = 0; k < kUnits; ++k) {
      for (std::size_t j = 0; j < 4; ++j) *out++ = static_cast<float>(from[k * kRowBlock * 4 + j]) * scale;
    }
  }
}

PackedMatrix PackedStorage::matrix() const noexcept {
  return {quants_.data(), scales_.data(), static_cast<std::int32_t>(row_blocks_), static_cast<std::int32_t>(groups_)};
}

}  // namespace koan
