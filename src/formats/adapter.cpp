// GGUF LoRA: parse and write (facts: llama.cpp's llama-adapter.cpp and convert_lora_to_gguf.py).
#include "formats/adapter.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/half.h"

namespace koan {
namespace {

constexpr std::string_view kSuffixA = ".lora_a", kSuffixB = ".lora_b";
// Keys that are fields of Adapter or belong to the container.
constexpr const char* kOwnKeys[] = {"general.type", "general.architecture", "general.alignment", "adapter.type",
                                    "adapter.lora.alpha"};

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "adapter: " + what}; }

struct Pair {
  std::string target;
  const GgufTensor* a = nullptr;
  const GgufTensor* b = nullptr;
};

Status check_header(const GgufFile& file) {
  const auto type = file.get_string("general.type");
  if (!type || *type != "adapter") {
    return corrupt("this is not an adapter: general.type is " + (type ? "'" + *type + "'" : std::string("missing")) +
                   ", not 'adapter'");
  }
  KOAN_ASSIGN(const std::string kind, file.get_string("adapter.type"));
  if (kind != "lora") return Error{ErrorCode::kNotSupported, "adapter: of type '" + kind + "'; koan reads lora"};
  if (file.metadata.contains("adapter.alora.invocation_tokens")) {
    return Error{ErrorCode::kNotSupported,
                 "adapter: an activated LoRA (adapter.alora.invocation_tokens) is not supported"};
  }
  return {};
}

Result<float> read_alpha(const GgufFile& file) {
  if (!file.metadata.contains("adapter.lora.alpha")) return 0.0f;
  KOAN_ASSIGN(const double value, file.get_float("adapter.lora.alpha"));
  const auto alpha = static_cast<float>(value);
  if (!std::isfinite(alpha)) return corrupt("adapter.lora.alpha is not finite");
  return alpha;
}

// Tensors as pairs, in the order of their first halves.
Result<std::vector<Pair>> pair_up(const GgufFile& file) {
  std::vector<Pair> pairs;
  std::map<std::string, std::size_t> index;
  for (const GgufTensor& tensor : file.tensors) {
    const std::string_view name = tensor.name;
    const bool is_a = name.ends_with(kSuffixA);
    if (!is_a && !name.ends_with(kSuffixB)) {
      return Error{ErrorCode::kNotSupported, "adapter: tensor '" + tensor.name + "' is neither .lora_a nor .lora_b"};
    }
    std::string target(name.substr(0, name.size() - kSuffixA.size()));
    // llama.cpp keeps this pair with A transposed; koan adapts the linear layers of blocks.
    if (target == "token_embd.weight")
      return Error{ErrorCode::kNotSupported,
                   "adapter: changes the embedding (" + tensor.name + "), which koan does not support"};
    const auto [at, added] = index.emplace(target, pairs.size());
    if (added) pairs.push_back({std::move(target), nullptr, nullptr});
    (is_a ? pairs[at->second].a : pairs[at->second].b) = &tensor;
  }
  for (const Pair& pair : pairs) {
    if (pair.a == nullptr || pair.b == nullptr)
      return corrupt("tensor '" + pair.target + (pair.a ? ".lora_b" : ".lora_a") +
                     "' is missing, its other half is there");
  }
  if (pairs.empty()) return corrupt("it holds no tensors");
  return pairs;
}

struct Extents {
  std::uint64_t fast, slow;
};

// ggml drops trailing extents of 1.
Result<Extents> extents(const GgufTensor& tensor) {
  const auto& shape = tensor.shape;
  if (shape.size() > 2 && std::any_of(shape.begin() + 2, shape.end(), [](std::uint64_t n) { return n != 1; }))
    return corrupt("tensor '" + tensor.name + "' is not a matrix");
  const Extents out{shape[0], shape.size() > 1 ? shape[1] : 1};
  const std::uint64_t most = std::max(out.fast, out.slow);
  if (most > kMaxAdapterWidth) {
    return Error{ErrorCode::kLimit, "adapter: tensor '" + tensor.name + "' has an extent of " + std::to_string(most) +
                                        ", above the limit of " + std::to_string(kMaxAdapterWidth)};
  }
  return out;
}

Result<std::vector<float>> read_values(const GgufTensor& tensor, std::uint64_t row) {
  if (!is_float_type(tensor.type))
    return Error{ErrorCode::kNotSupported, "adapter: tensor '" + tensor.name + "' has type " +
                                               ggml_type_name(tensor.type) +
                                               "; koan reads adapters in F32, F16 and BF16"};
  std::vector<float> out;
  out.reserve(tensor.element_count());
  ByteReader in(tensor.data);
  while (out.size() < tensor.element_count()) {
    float value = 0;
    if (tensor.type == GgmlType::kF32) {
      KOAN_ASSIGN(const std::uint32_t bits, in.fixed<std::uint32_t>());
      value = std::bit_cast<float>(bits);
    } else {
      KOAN_ASSIGN(const std::uint16_t bits, in.fixed<std::uint16_t>());
      value = tensor.type == GgmlType::kF16 ? half_to_float(bits) : bf16_to_float(bits);
    }
    if (!std::isfinite(value))
      return corrupt("tensor '" + tensor.name + "' row " + std::to_string(out.size() / row) +
                     " has a value that is not finite");
    out.push_back(value);
  }
  return out;
}

Result<AdapterTensor> read_pair(const Pair& pair) {
  KOAN_ASSIGN(const Extents a, extents(*pair.a));
  KOAN_ASSIGN(const Extents b, extents(*pair.b));
  if (a.slow != b.fast) {
    return corrupt("'" + pair.target + "': rank " + std::to_string(a.slow) + " in .lora_a but " +
                   std::to_string(b.fast) + " in .lora_b");
  }
  if (b.fast > kMaxAdapterRank) {
    return Error{ErrorCode::kLimit, "adapter: tensor '" + pair.target + "' has rank " + std::to_string(b.fast) +
                                        ", above the limit of " + std::to_string(kMaxAdapterRank)};
  }
  AdapterTensor out;
  out.target = pair.target;
  out.rank = static_cast<std::uint32_t>(b.fast);
  out.in = static_cast<std::uint32_t>(a.fast);
  out.out = static_cast<std::uint32_t>(b.slow);
  KOAN_ASSIGN(out.a, read_values(*pair.a, a.fast));
  KOAN_ASSIGN(out.b, read_values(*pair.b, b.fast));
  return out;
}

GgmlType type_for(const std::vector<float>& values, AdapterPrecision precision) {
  if (precision == AdapterPrecision::kExact) return exact_type(values);
  constexpr float kBeyondHalf = 65520.0f;  // rounds to infinity from here on
  const bool wide = std::any_of(values.begin(), values.end(), [](float v) { return std::fabs(v) >= kBeyondHalf; });
  return wide ? GgmlType::kF32 : GgmlType::kF16;
}

template <typename Convert>
bool all_equal(const std::vector<float>& values, Convert there_and_back) noexcept {
  return std::all_of(values.begin(), values.end(), [&](float v) {
    return std::bit_cast<std::uint32_t>(there_and_back(v)) == std::bit_cast<std::uint32_t>(v);
  });
}

}  // namespace

std::optional<Sha256> sha256_from_hex(std::string_view text) noexcept {
  Sha256 out{};
  if (text.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | digit);
  }
  return out;
}

float Adapter::scale(const AdapterTensor& tensor) const noexcept {
  return alpha == 0 ? 1.0f : alpha / static_cast<float>(tensor.rank);
}

std::uint64_t Adapter::parameters() const noexcept {
  std::uint64_t count = 0;
  for (const AdapterTensor& tensor : tensors) count += tensor.a.size() + tensor.b.size();
  return count;
}

std::optional<Sha256> Adapter::base_sha256() const { return sha256_from_hex(text("koan.adapter.base_sha256")); }

std::string Adapter::text(std::string_view key) const {
  const auto found = metadata.find(std::string(key));
  const auto* value = found == metadata.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value ? *value : std::string();
}

std::optional<double> Adapter::number(std::string_view key) const {
  const auto found = metadata.find(std::string(key));
  if (found == metadata.end()) return std::nullopt;
  if (const auto* u = std::get_if<std::uint64_t>(&found->second)) return static_cast<double>(*u);
  if (const auto* i = std::get_if<std::int64_t>(&found->second)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&found->second)) return *d;
  return std::nullopt;
}

Result<Adapter> parse_adapter(ByteView gguf) {
  KOAN_ASSIGN(const GgufFile file, parse_gguf(gguf));
  KOAN_TRY(check_header(file));
  Adapter out;
  KOAN_ASSIGN(out.architecture, file.get_string("general.architecture"));
  KOAN_ASSIGN(out.alpha, read_alpha(file));
  KOAN_ASSIGN(const std::vector<Pair> pairs, pair_up(file));
  for (const Pair& pair : pairs) {
    KOAN_ASSIGN(AdapterTensor tensor, read_pair(pair));
    out.tensors.push_back(std::move(tensor));
  }
  if (auto name = file.get_string("general.name")) out.name = std::move(name).value();
  out.metadata = file.metadata;
  for (const char* key : kOwnKeys) out.metadata.erase(key);
  if (out.metadata.contains("koan.adapter.base_sha256") && !out.base_sha256())
    return corrupt("koan.adapter.base_sha256 is not a SHA-256 in hexadecimal");
  out.sha256 = koan::sha256(gguf);
  return out;
}

GgmlType exact_type(const std::vector<float>& values) noexcept {
  if (all_equal(values, [](float v) { return half_to_float(float_to_half(v)); })) return GgmlType::kF16;
  if (all_equal(values, [](float v) { return bf16_to_float(float_to_bf16(v)); })) return GgmlType::kBF16;
  return GgmlType::kF32;
}

Bytes encode_values(const std::vector<float>& values, GgmlType type) {
  Bytes out;
  out.reserve(values.size() * (type == GgmlType::kF32 ? 4 : 2));
  for (const float value : values) {
    if (type == GgmlType::kF32)
      append_fixed(out, std::bit_cast<std::uint32_t>(value));
    else
      append_fixed(out, type == GgmlType::kF16 ? float_to_half(value) : float_to_bf16(value));
  }
  return out;
}

Bytes write_adapter(const Adapter& adapter, AdapterPrecision precision) {
  GgufFile file;
  file.metadata = adapter.metadata;
  file.metadata["general.type"] = std::string("adapter");
  file.metadata["general.architecture"] = adapter.architecture;
  file.metadata["adapter.type"] = std::string("lora");
  file.metadata["adapter.lora.alpha"] = static_cast<double>(adapter.alpha);
  if (!adapter.name.empty()) file.metadata["general.name"] = adapter.name;
  std::deque<Bytes> memory;
  const auto add = [&](const std::string& name, std::uint64_t in, std::uint64_t rows,
                       const std::vector<float>& values) {
    const GgmlType type = type_for(values, precision);
    file.tensors.push_back({name, {in, rows}, type, memory.emplace_back(encode_values(values, type))});
  };
  for (const AdapterTensor& tensor : adapter.tensors) {
    add(tensor.target + std::string(kSuffixA), tensor.in, tensor.rank, tensor.a);
    add(tensor.target + std::string(kSuffixB), tensor.rank, tensor.out, tensor.b);
  }
  return write_gguf(file);
}

}  // namespace koan
