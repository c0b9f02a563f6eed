// GGUF v3 container: parse and write (docs/architecture.md; facts: ggml's reader and gguf-py).
// Parsing is over bytes, never trusts a size, and copies no tensor data: GgufFile keeps views into the caller's bytes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/ggml_type.h"

namespace koan {

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
  std::size_t end = 0;  // parse: bytes from the start to the end of the last tensor, padding after it not counted

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
// One part of a split model parses as what it holds.
Result<GgufFile> parse_gguf(ByteView data);

// A model of several files ("-00001-of-00003.gguf"), its parts in order: metadata of the first, tensors of all. Errors
// as parse_gguf, and kCorrupt where split.no, split.count or split.tensors.count disagree with the parts, naming the
// part.
Result<GgufFile> parse_gguf_parts(std::span<const ByteView> parts);
// The same for one string of bytes: a file, or the parts of a split model one after another. What a model is identified
// by is the hash of these bytes (docs/format.md, Model identity).
Result<GgufFile> parse_gguf_model(ByteView data);

// Serialises metadata and tensors, alignment 32, little-endian, version 3. Unsigned integers are written as u32 when
// they fit, doubles as f32, integer arrays as i32, float arrays as f32: the widths that other readers expect.
Bytes write_gguf(const GgufFile& file);

// Q8_0: blocks of 32 values as f16 scale + 32 int8. values.size() is a multiple of 32. Scale = amax/127, rounded to
// f16; quants are round-to-nearest-even of value/scale(f16), clamped to [-127,127].
Bytes quantize_q8_0(std::span<const float> values);
// One block: 32 values to 34 bytes.
void quantize_q8_0_block(const float* values, std::uint8_t* out) noexcept;

}  // namespace koan
