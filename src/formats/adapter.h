// GGUF LoRA adapters as llama.cpp reads and writes them: for each adapted matrix of the base model a pair A [rank][in],
// B [out][rank], whose product times alpha / rank is added to it (docs/numerics.md section 13). Keys of our own are
// listed in docs/cli.md, koan adapters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "formats/gguf.h"

namespace koan {

// Limits, checked before memory is taken. A whole adapter takes at most twice the memory of its file.
inline constexpr std::uint32_t kMaxAdapterRank = 4096;
inline constexpr std::uint32_t kMaxAdapterWidth = 262144;  // of a matrix, either way: the widest koan's models may be

struct AdapterTensor {
  std::string target;  // the base model's tensor, e.g. "blk.0.attn_q.weight"
  std::uint32_t rank = 0, in = 0, out = 0;
  std::vector<float> a;  // [rank][in]
  std::vector<float> b;  // [out][rank]
};

struct Adapter {
  std::string name;          // general.name
  std::string architecture;  // of the base model
  float alpha = 0;           // 0 stands for a scale of 1, whatever the rank, as in llama.cpp
  std::vector<AdapterTensor> tensors;
  std::map<std::string, GgufValue> metadata;  // every other key of the file, and general.name
  Sha256 sha256{};                            // of the file it was parsed from: its identity. Zeros: not from a file

  // What B * A is multiplied by: alpha / rank, divided in binary32.
  float scale(const AdapterTensor& tensor) const noexcept;
  std::uint64_t parameters() const noexcept;
  // The base model it was trained on, if it says so.
  std::optional<Sha256> base_sha256() const;
  // Metadata by key; the fallback if there is none or it is of another type.
  std::string text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
};

// Errors: kCorrupt (not an adapter, half a pair, shapes that disagree, values that are not finite: tensor and row are
// named), kNotSupported (another kind of adapter or tensor), kLimit (rank or width above the limits).
Result<Adapter> parse_adapter(ByteView gguf);

// How write_adapter stores tensors. kHalf: as F16, or as F32 where a value lies beyond F16. kExact: in exact_type.
enum class AdapterPrecision { kHalf, kExact };

// The file. The values are finite and the shapes agree.
Bytes write_adapter(const Adapter& adapter, AdapterPrecision precision = AdapterPrecision::kHalf);

// The narrowest of F16, BF16 and F32 that holds every value as it is.
GgmlType exact_type(const std::vector<float>& values) noexcept;
// Little-endian; rounded to nearest even for F16 and BF16.
Bytes encode_values(const std::vector<float>& values, GgmlType type);

// 64 hexadecimal digits; nothing else.
std::optional<Sha256> sha256_from_hex(std::string_view text) noexcept;

}  // namespace koan
