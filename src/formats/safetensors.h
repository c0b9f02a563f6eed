// The safetensors container: parse and write (facts: the reference implementation of huggingface/safetensors).
// Parsing is over bytes, never trusts a size, and copies no tensor data: SafetensorsFile keeps views into the caller's
// bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  // as the reference implementation
inline constexpr std::size_t kMaxSafetensorsTensors = 100'000;
inline constexpr std::size_t kMaxSafetensorsName = 1024;
inline constexpr std::size_t kMaxSafetensorsDims = 8;

struct SafetensorsTensor {
  std::string name;
  std::string dtype;                 // "F32", ...: one that the format defines
  std::vector<std::uint64_t> shape;  // slowest-varying first: [out, in] of a linear layer; empty: one number
  ByteView data;                     // into the parsed bytes (parse) or the caller's memory (write)

  std::uint64_t element_count() const noexcept;
  // F32, F16 and BF16 widened exactly; whatever they are, NaN too. kNotSupported for other types, naming tensor and
  // type.
  Result<std::vector<float>> values() const;
};

struct SafetensorsFile {
  std::map<std::string, std::string> metadata;  // __metadata__
  std::vector<SafetensorsTensor> tensors;       // in the order of their data

  const SafetensorsTensor* find(std::string_view name) const noexcept;
};

// `data` must outlive the result. Errors: kCorrupt (with tensor and field), kNotSupported (a dtype that the format does
// not have), kLimit.
Result<SafetensorsFile> parse_safetensors(ByteView data);

// Wider types first, then by name, so that every tensor is aligned. The data of each has the length of its shape and
// dtype. kCorrupt: a name or metadata that is not UTF-8.
Result<Bytes> write_safetensors(const SafetensorsFile& file);

}  // namespace koan
