#include "model/config.h"

#include <algorithm>

#include "model/architecture.h"

namespace koan {
namespace {

Error not_supported(const std::string& key, const std::string& what) {
  return Error{ErrorCode::kNotSupported, "model key '" + key + "' " + what + " is not supported"};
}

Result<std::uint32_t> read_size(const GgufFile& file, const std::string& key, std::uint64_t limit) {
  KOAN_ASSIGN(const std::uint64_t value, file.get_uint(key));
  if (value == 0) return Error{ErrorCode::kCorrupt, "model key '" + key + "' is 0"};
  if (value > limit) {
    return Error{ErrorCode::kLimit, "model key '" + key + "' is " + std::to_string(value) + ", above the limit of " +
                                        std::to_string(limit)};
  }
  return static_cast<std::uint32_t>(value);
}

// A missing key takes the fallback; a key of another type is still an error.
Result<std::uint32_t> read_size_or(const GgufFile& file, const std::string& key, std::uint64_t limit,
                                   std::uint32_t fallback) {
  if (!file.metadata.contains(key)) return fallback;
  return read_size(file, key, limit);
}

Status read_heads(const GgufFile& file, const std::string& prefix, ModelConfig& config) {
  KOAN_ASSIGN(config.heads, read_size(file, prefix + "attention.head_count", kMaxHeads));
  KOAN_ASSIGN(config.kv_heads, read_size_or(file, prefix + "attention.head_count_kv", kMaxHeads, config.heads));
  if (config.heads % config.kv_heads != 0) {
    return Error{ErrorCode::kCorrupt, "model has " + std::to_string(config.heads) + " heads, not a multiple of its " +
                                          std::to_string(config.kv_heads) + " key/value heads"};
  }
  KOAN_ASSIGN(config.head_dim,
              read_size_or(file, prefix + "attention.key_length", kMaxHeadDim, config.width / config.heads));
  if (config.head_dim == 0 || config.head_dim % 2 != 0) {
    return Error{ErrorCode::kCorrupt,
                 "model has heads of " + std::to_string(config.head_dim) + ", not a positive even number"};
  }
  if (config.head_dim > kMaxHeadDim || std::uint64_t{config.heads} * config.head_dim > kMaxWidth) {
    return Error{ErrorCode::kLimit, "model has " + std::to_string(config.heads) + " heads of " +
                                        std::to_string(config.head_dim) + ", above the limits of koan"};
  }
  for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
    KOAN_ASSIGN(const std::uint32_t value, read_size_or(file, prefix + key, kMaxWidth, config.head_dim));
    if (value != config.head_dim)
      return not_supported(prefix + key, "other than the head size of " + std::to_string(config.head_dim));
  }
  return {};
}

}  // namespace

Result<ModelConfig> read_config(const GgufFile& file) {
  ModelConfig config;
  KOAN_ASSIGN(config.architecture, file.get_string("general.architecture"));
  const Architecture* const architecture = find_architecture(config.architecture);
  if (architecture == nullptr) {
    return Error{ErrorCode::kNotSupported,
                 "architecture '" + config.architecture + "' is not supported; koan reads " + architecture_names()};
  }
  if (auto name = file.get_string("general.name")) config.name = std::move(name).value();
  const std::string prefix = config.architecture + ".";
  KOAN_ASSIGN(config.layers, read_size(file, prefix + "block_count", kMaxLayers));
  KOAN_ASSIGN(config.width, read_size(file, prefix + "embedding_length", kMaxWidth));
  KOAN_ASSIGN(config.feed_forward, read_size(file, prefix + "feed_forward_length", kMaxFeedForward));
  KOAN_ASSIGN(config.context_length, read_size(file, prefix + "context_length", UINT32_MAX));
  config.window = static_cast<std::uint32_t>(std::min<std::uint64_t>(file.get_uint_or("koan.window", 0), UINT32_MAX));
  KOAN_TRY(read_heads(file, prefix, config));
  KOAN_ASSIGN(const double eps, file.get_float(prefix + "attention.layer_norm_rms_epsilon"));
  config.norm_eps = static_cast<float>(eps);
  config.rope_base = file.get_float_or(prefix + "rope.freq_base", 10000.0);
  if (!(eps > 0 && eps < 1)) return Error{ErrorCode::kCorrupt, "model has an impossible norm epsilon"};
  // At least 1, so that angles per position stay below 2^62 turns (numerics section 7).
  if (!(config.rope_base >= 1 && config.rope_base <= 1e15))
    return Error{ErrorCode::kCorrupt, "model has an impossible rotary base"};
  KOAN_TRY(read_traits(file, *architecture, config));
  return config;
}

}  // namespace koan
