// The tensor types of ggml: names of all of them, block sizes of those that koan reads.
#pragma once

#include <cstdint>
#include <string>

namespace koan {

enum class GgmlType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30
};

// Elements and bytes of a block; of F32, F16 and BF16, which have none, one element. {0, 0}: a type that koan does not
// read, whatever number it is.
struct GgmlBlock {
  std::uint32_t elements, bytes;
};
GgmlBlock ggml_block(GgmlType type) noexcept;

// F32, F16 or BF16.
bool is_float_type(GgmlType type) noexcept;

// "Q4_K (12)", "unknown (99)": of any number, so that a refusal can say it.
std::string ggml_type_name(GgmlType type);

// Bytes of one row-major tensor of `type` with `elements` elements whose rows are `row` long; 0 if the row does not fit
// the block, or koan does not read the type.
std::uint64_t ggml_size_bytes(GgmlType type, std::uint64_t elements, std::uint64_t row) noexcept;

}  // namespace koan
