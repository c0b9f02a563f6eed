// Weights of a Hugging Face folder: one safetensors file, or several that an index names.
#pragma once

#include <deque>
#include <functional>

#include "import/hf_tensors.h"

namespace koan {

// The files of a folder by name, wherever they are: on disk, or in the memory of a test.
struct HfFolder {
  std::vector<std::string> names;
  // Of a name that is there; kLimit above max_bytes.
  std::function<Result<Bytes>(const std::string& name, std::uint64_t max_bytes)> read;

  bool has(const std::string& name) const noexcept;
};

// False stops the work: kCancelled. In bytes of the result.
using ImportProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct HfWeights {
  std::vector<GgufTensor> tensors;  // their data is in `data`
  std::deque<Bytes> data;
};

inline constexpr std::uint64_t kMaxImportBytes = std::uint64_t{8} << 30;        // of the result
inline constexpr std::uint64_t kMaxSafetensorsBytes = std::uint64_t{32} << 30;  // of one file
inline constexpr std::size_t kMaxIndexBytes = std::size_t{16} << 20;

// Reads one file at a time, so that no more than the largest of them and the result are in memory.
// Errors name the file and the tensor: kCorrupt (missing, shape, not finite), kNotSupported (a tensor that such a model
// does not have, a type, a pickle), kLimit, kCancelled, kUsage (no weights).
Result<HfWeights> read_hf_weights(const HfFolder& folder, const HfConfig& config, const ImportProgress& progress);

}  // namespace koan
