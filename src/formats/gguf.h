// GGUF v3 container: parse and write (docs/architecture.md; facts: ggml's reader and gguf-py).
// Parsing is over bytes, never trusts a size, and copies no tensor data: GgufFile keeps views into the caller's bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

enum class GgmlType : std::uint32_t { kF32 = 0, kF16 = 1, kQ8_0 = 8, kBF16 = 30 };

struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // fastest-varying first: shape[0] is the input width of a linear layer
  GgmlType type = GgmlType::kF32;
  ByteView data;  // into the parsed bytes (parse) or the caller's memory (write)
  std::uint64_t element_count() const noexcept;
};

using GgufValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string, std::vector<std::string>,
                               std::vector<std::int64_t>, std::vector<double>>;

struct GgufFile {
  std::map<std::string, GgufValue> metadata;  // integers widen to 64 bit, f32 to double
  std::vector<GgufTensor> tensors;            // in file order

  const GgufTensor* find(const std::string& name) const noexcept;
  // Typed lookups. Missing or of another type: kCorrupt naming the key (get) or the fallback (get_or).
  Result<std::uint64_t> get_uint(const std::string& key) const;
  std::uint64_t get_uint_or(const std::string& key, std::uint64_t fallback) const;
  Result<double> get_float(const std::string& key) const;
  double get_float_or(const std::string& key, double fallback) const;
  Result<std::string> get_string(const std::string& key) const;
  Result<std::vector<std::string>> get_strings(const std::string& key) const;
};

// `data` must outlive the result. Errors: kCorrupt (with the place), kNotSupported (tensor type, by number and tensor
// name).
Result<GgufFile> parse_gguf(ByteView data);

// Serialises metadata and tensors, alignment 32, little-endian, version 3. Unsigned integers are written as u32 when
// they fit, doubles as f32, integer arrays as i32, float arrays as f32: the widths that other readers expect.
Bytes write_gguf(const GgufFile& file);

// Bytes of one row-major tensor of `type` with `elements` elements whose rows are `row` long; 0 if the row does not fit
// the block.
std::uint64_t ggml_size_bytes(GgmlType type, std::uint64_t elements, std::uint64_t row) noexcept;

// Q8_0: blocks of 32 values as f16 scale + 32 int8. values.size() is a multiple of 32. Scale = amax/127, rounded to
// f16; quants are round-to-nearest-even of value/scale(f16), clamped to [-127,127].
Bytes quantize_q8_0(std::span<const float> values);
// One block: 32 values to 34 bytes.
void quantize_q8_0_block(const float* values, std::uint8_t* out) noexcept;

}  // namespace koan
