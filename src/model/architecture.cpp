#include "model/architecture.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace koan {
namespace {

constexpr double kMaxFactor = 1e6;  // of rotary scaling
constexpr double kMaxCap = 1e6;

// Defaults are those of llama.cpp: early gemma2 files do not name their caps and window.
constexpr Architecture kArchitectures[] = {
    {.name = "llama", .rotates_neighbours = true, .may_have_bias = true, .may_have_divisors = true},
    {.name = "qwen2", .needs_bias = true, .may_have_bias = true},
    {.name = "qwen3", .head_norms = true},
    {.name = "gemma", .gelu = true, .scales_embedding = true, .local_period = 1},
    {.name = "gemma2",
     .gelu = true,
     .post_norms = true,
     .scales_embedding = true,
     .local_period = 2,
     .local_window = 4096,
     .attention_cap = 50,
     .output_cap = 30,
     .wide_scale_layers = 46},
    {.name = "gemma3",
     .head_norms = true,
     .gelu = true,
     .post_norms = true,
     .scales_embedding = true,
     .local_period = 6,
     .local_rope_base = 10000,
     .wide_scale_layers = 62},
};

std::optional<double> as_number(const GgufValue& value) {
  if (const auto* u = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*u);
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&value)) return *d;
  return std::nullopt;
}

Error not_supported(const std::string& key, const std::string& what) {
  return Error{ErrorCode::kNotSupported, "model key '" + key + "' " + what + " is not supported"};
}

Error corrupt(const std::string& key, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "model key '" + key + "' " + what};
}

// Keys that switch on mathematics we do not do. Converters also write them with a value that means "off".
Status refuse_other_mathematics(const GgufFile& file, const std::string& prefix) {
  struct Key {
    const char* name;
    double off;
  };
  static constexpr Key kKeys[] = {
      {"expert_count", 0},   {"attention.clamp_kqv", 0}, {"attention.max_alibi_bias", 0}, {"embedding_scale", 1},
      {"residual_scale", 1}, {"logit_scale", 1},         {"rope.scaling.attn_factor", 1}};
  for (const Key& key : kKeys) {
    const auto found = file.metadata.find(prefix + key.name);
    if (found == file.metadata.end()) continue;
    const std::optional<double> value = as_number(found->second);
    if (!value || (*value != 0 && *value != key.off)) return not_supported(found->first, "with this value");
  }
  const auto causal = file.metadata.find(prefix + "attention.causal");
  if (causal != file.metadata.end()) {
    const auto* on = std::get_if<bool>(&causal->second);
    if (on == nullptr || !*on) return not_supported(causal->first, "= false");
  }
  return {};
}

// A number that is at least `least`, or the fallback where the key is missing or 0.
Result<double> read_number(const GgufFile& file, const std::string& key, double fallback, double least, double most) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return fallback;
  const std::optional<double> value = as_number(found->second);
  if (!value) return corrupt(key, "is not a number");
  if (*value == 0) return fallback;
  if (!(*value >= least && *value <= most)) return corrupt(key, "is out of range");
  return *value;
}

// Linear scaling divides positions by a factor. llama.cpp takes a factor without a type for linear, and type none for
// no scaling whatever the factor.
Result<double> read_rope_factor(const GgufFile& file, const std::string& prefix) {
  const std::string type_key = prefix + "rope.scaling.type";
  if (const auto type = file.metadata.find(type_key); type != file.metadata.end()) {
    const auto* name = std::get_if<std::string>(&type->second);
    if (name == nullptr) return not_supported(type_key, "of this type");
    if (*name == "none") return 1.0;
    if (*name != "linear") return not_supported(type_key, "= '" + *name + "'");
  }
  KOAN_ASSIGN(const double old, read_number(file, prefix + "rope.scale_linear", 1, 1, kMaxFactor));
  return read_number(file, prefix + "rope.scaling.factor", old, 1, kMaxFactor);
}

// The base of local layers has had three names.
Result<double> read_local_base(const GgufFile& file, const std::string& prefix, double fallback) {
  for (const char* name : {"rope.freq_base_swa", "rope.local.freq_base", "rope.local_freq_base"}) {
    if (file.metadata.contains(prefix + name)) return read_number(file, prefix + name, fallback, 1, 1e15);
  }
  return fallback;
}

// `attention.sliding_window_pattern`: n (all but each n-th layer), or one flag per layer.
Status read_pattern(const GgufFile& file, const std::string& prefix, std::uint32_t period, ModelConfig& config) {
  const std::string key = prefix + "attention.sliding_window_pattern";
  LocalLayers& local = config.local;
  if (const auto found = file.metadata.find(key); found != file.metadata.end()) {
    if (const auto* flags = std::get_if<std::vector<std::int64_t>>(&found->second)) {
      if (flags->size() != config.layers) return corrupt(key, "is for " + std::to_string(flags->size()) + " layers");
      for (const std::int64_t flag : *flags) local.which.push_back(flag != 0 ? 1 : 0);
      return {};
    }
    KOAN_ASSIGN(const std::uint64_t said, file.get_uint(key));
    if (said > config.layers) return corrupt(key, "is " + std::to_string(said) + ", above the number of layers");
    period = static_cast<std::uint32_t>(said);
  }
  for (std::uint32_t i = 0; i < config.layers; ++i)
    local.which.push_back(period == 0 || i % period != period - 1 ? 1 : 0);
  return {};
}

Status read_local(const GgufFile& file, const std::string& prefix, const Architecture& a, ModelConfig& config) {
  const std::string key = prefix + "attention.sliding_window";
  KOAN_ASSIGN(const double window, read_number(file, key, a.local_window, 1, UINT32_MAX));
  LocalLayers& local = config.local;
  local.window = static_cast<std::uint32_t>(window);
  local.rope_factor = a.local_rope_base == 0 ? config.rope_factor : 1.0;
  KOAN_ASSIGN(local.rope_base,
              read_local_base(file, prefix, a.local_rope_base == 0 ? config.rope_base : a.local_rope_base));
  if (local.window == 0) return {};
  KOAN_TRY(read_pattern(file, prefix, a.local_period, config));
  if (std::find(local.which.begin(), local.which.end(), 1) == local.which.end()) local.window = 0;
  return {};
}

Result<float> read_score_scale(const GgufFile& file, const std::string& prefix, const Architecture& a,
                               const ModelConfig& config) {
  const bool wide = a.wide_scale_layers != 0 && config.layers == a.wide_scale_layers;
  const std::uint32_t size = wide ? config.width / config.heads : config.head_dim;
  // sqrt is exact in IEEE-754, unlike the rest of libm
  const float usual = 1.0f / std::sqrt(static_cast<float>(size));
  KOAN_ASSIGN(const double said, read_number(file, prefix + "attention.scale", 0, 1e-6, 1e6));
  return said == 0 ? usual : static_cast<float>(said);
}

}  // namespace

const Architecture* find_architecture(std::string_view name) noexcept {
  const auto* const found = std::find_if(std::begin(kArchitectures), std::end(kArchitectures),
                                         [&](const Architecture& a) { return a.name == name; });
  return found == std::end(kArchitectures) ? nullptr : found;
}

std::string architecture_names() {
  std::string out;
  for (const Architecture& a : kArchitectures) out += (out.empty() ? "" : ", ") + std::string(a.name);
  return out;
}

Status read_traits(const GgufFile& file, const Architecture& a, ModelConfig& config) {
  const std::string prefix = config.architecture + ".";
  KOAN_TRY(refuse_other_mathematics(file, prefix));
  ModelTraits& traits = config.traits;
  traits.rotates_neighbours = a.rotates_neighbours;
  traits.head_norms = a.head_norms;
  traits.gelu = a.gelu;
  traits.post_norms = a.post_norms;
  if (a.scales_embedding) traits.embedding_scale = std::sqrt(static_cast<float>(config.width));
  KOAN_ASSIGN(traits.score_scale, read_score_scale(file, prefix, a, config));
  KOAN_ASSIGN(const double attention_cap,
              read_number(file, prefix + "attn_logit_softcapping", a.attention_cap, 1e-3, kMaxCap));
  KOAN_ASSIGN(const double output_cap,
              read_number(file, prefix + "final_logit_softcapping", a.output_cap, 1e-3, kMaxCap));
  traits.attention_cap = static_cast<float>(attention_cap);
  traits.output_cap = static_cast<float>(output_cap);
  KOAN_ASSIGN(config.rope_factor, read_rope_factor(file, prefix));
  return read_local(file, prefix, a, config);
}

}  // namespace koan
