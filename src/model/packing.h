// Matrices in the layout of the kernels (kernels.h, PackedMatrix), filled row by row from GGUF tensors (numerics
// section 2).
#pragma once

#include "base/result.h"
#include "formats/gguf.h"
#include "kernels/kernels.h"
#include "model/aligned_buffer.h"
#include "model/convert.h"

namespace koan {

// Where the rows of a tensor go in a packed matrix that several tensors may share. Rows that nothing is put into stay
// zero.
struct RowPlacement {
  std::uint32_t first = 0;
  std::uint32_t head = 0;         // rows per head in the tensor; 0: the rows simply follow each other
  std::uint32_t head_stride = 0;  // rows per head in the packed matrix
  bool pairs = false;             // rotated neighbours (2i, 2i+1) of each head become halves (i, i + head/2)

  std::uint32_t at(std::uint32_t row) const noexcept;
};

class PackedStorage {
 public:
  // kLimit if the memory cannot be had. `rows` and `in` are rounded up as the kernels want it.
  static Result<PackedStorage> create(std::uint64_t rows, std::uint64_t in);

  // All rows of a matrix of any type we read. kCorrupt: a value or scale that is not finite, also after conversion to
  // Q8_0.
  Status put(const GgufTensor& tensor, const RowPlacement& placement);

  // One group of one row. False if the scale is not finite.
  bool put_group(std::uint32_t row, std::uint32_t group, const QuantGroup& from) noexcept;

  Result<PackedStorage> copy() const;
  // The same memory; this object must outlive the result, and neither is written from then on.
  PackedStorage borrow() const noexcept;

  // Row as floats, padded width: fl(float(q) * d). What an embedding is.
  void row(std::uint32_t index, float* out) const noexcept;

  PackedMatrix matrix() const noexcept;
  std::uint32_t padded_rows() const noexcept { return row_blocks_ * kRowBlock; }
  std::uint32_t padded_in() const noexcept { return groups_ * kGroup; }
  std::uint64_t bytes() const noexcept { return quants_.bytes() + scales_.bytes(); }

 private:
  Status put_quantised(const GgufTensor& tensor, const RowPlacement& placement);

  AlignedBuffer<std::int8_t> quants_;
  AlignedBuffer<float> scales_;
  std::uint32_t row_blocks_ = 0;
  std::uint32_t groups_ = 0;
};

// 32 values by the rule of GGUF's Q8_0: what F32, F16 and BF16 matrices and merged weights become.
QuantGroup quantise_group(const float* values) noexcept;

// Whether amax / 127 is finite as f16. Beyond that the writer of Q8_0 would clip, and the model would silently be
// another one. False for NaN.
bool fits_q8_0(std::span<const float> values) noexcept;

}  // namespace koan
