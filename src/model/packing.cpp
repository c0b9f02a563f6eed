#include "model/packing.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"

namespace koan {
namespace {

constexpr std::size_t kQ8Block = 34;        // f16 scale, 32 int8
constexpr std::size_t kUnits = kGroup / 4;  // units of 4 inputs that one vector holds for 16 rows
constexpr std::size_t kPackedGroup = static_cast<std::size_t>(kGroup) * kRowBlock;

Error not_finite(const GgufTensor& tensor, std::uint64_t row) {
  return Error{ErrorCode::kCorrupt,
               "tensor '" + tensor.name + "' row " + std::to_string(row) + " is not finite in int8"};
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

QuantGroup quantise_group(const float* values) noexcept {
  std::uint8_t block[kQ8Block];
  quantize_q8_0_block(values, block);
  GgmlGroup group;
  read_ggml_groups(GgmlType::kQ8_0, block, &group);
  QuantGroup out;
  convert_group(group, out);  // finite: the writer limits the scale
  return out;
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
  if (!is_float_type(tensor.type)) return put_quantised(tensor, placement);
  const std::uint64_t in = tensor.shape[0];
  const auto rows = static_cast<std::uint32_t>(tensor.element_count() / in);
  const std::size_t row_bytes = static_cast<std::size_t>(in) * ggml_block(tensor.type).bytes;
  std::vector<float> values(padded_in(), 0.0f);  // what lies beyond `in` stays zero
  for (std::uint32_t r = 0; r < rows; ++r) {
    const std::span<float> row = std::span(values).first(in);
    if (!read_ggml_values(tensor.type, tensor.data.data() + r * row_bytes, row) || !fits_q8_0(row))
      return not_finite(tensor, r);
    for (std::uint32_t g = 0; g < groups_; ++g)
      if (!put_group(placement.at(r), g, quantise_group(values.data() + g * kGroup))) return not_finite(tensor, r);
  }
  return {};
}

// Rows are whole blocks, so nothing is padded.
Status PackedStorage::put_quantised(const GgufTensor& tensor, const RowPlacement& placement) {
  const auto [elements, bytes] = ggml_block(tensor.type);
  const std::uint32_t blocks = padded_in() / elements, groups = elements / kGroup;
  const auto rows = static_cast<std::uint32_t>(tensor.element_count() / tensor.shape[0]);
  const std::uint8_t* from = tensor.data.data();
  GgmlGroup block[8];
  QuantGroup group;
  for (std::uint32_t r = 0; r < rows; ++r) {
    for (std::uint32_t b = 0; b < blocks; ++b, from += bytes) {
      read_ggml_groups(tensor.type, from, block);
      for (std::uint32_t g = 0; g < groups; ++g) {
        if (!convert_group(block[g], group) || !put_group(placement.at(r), b * groups + g, group))
          return not_finite(tensor, r);
      }
    }
  }
  return {};
}

bool PackedStorage::put_group(std::uint32_t row, std::uint32_t group, const QuantGroup& from) noexcept {
  const std::size_t lane = row % kRowBlock;
  const std::size_t at = static_cast<std::size_t>(row / kRowBlock) * groups_ + group;
  scales_.data()[at * kRowBlock + lane] = from.scale;
  std::int8_t* to = quants_.data() + at * kPackedGroup + lane * 4;
  for (std::size_t k = 0; k < kUnits; ++k) std::memcpy(to + k * kRowBlock * 4, from.quants + k * 4, 4);
  return is_finite(from.scale);
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
