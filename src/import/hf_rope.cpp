#include "import/hf_rope.h"

#include "model/rope.h"

namespace koan {
namespace {

constexpr double kMaxBase = 1e14;  // stays below that of model/config.h when it is rounded to binary32
constexpr double kMaxFactor = 1e6;
constexpr double kMaxPositions = 4294967295.0;
constexpr double kTwoPi = 6.28318530717958647693e+00;

// Wavelengths up to original / high keep their frequency, those from original / low on are stretched by the factor,
// those between by something between. The powers are those of model/rope.h, so that every machine writes the same file.
Status read_llama3(ConfigFields& fields, const HfConfig& config, HfRope& out) {
  KOAN_ASSIGN(const double factor, fields.number("factor", 1, kMaxFactor));
  KOAN_ASSIGN(const double low, fields.number("low_freq_factor", 1e-6, 1e6));
  KOAN_ASSIGN(const double high, fields.number("high_freq_factor", 1e-6, 1e6));
  KOAN_ASSIGN(const double original, fields.number("original_max_position_embeddings", 1, kMaxPositions));
  if (!(high > low)) return fields.wrong("high_freq_factor", "is not above low_freq_factor");
  if (!config.family->pairs) return fields.refused("rope_type", "= 'llama3' is for llama only");
  const double log_base = log64(out.base);
  for (std::uint64_t i = 0; i < config.head_dim / 2; ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(config.head_dim);
    const double wavelength = kTwoPi / exp64(-exponent * log_base);
    double divisor = factor;
    if (wavelength < original / high) {
      divisor = 1;
    } else if (!(wavelength > original / low)) {
      const double smooth = (original / wavelength - low) / (high - low);
      divisor = 1.0 / ((1.0 - smooth) / factor + smooth);
    }
    out.divisors.push_back(static_cast<float>(divisor < 1 ? 1 : divisor));
  }
  return {};
}

// `fields`: rope_scaling, or rope_parameters, which hold the base too.
Status read_scaling(ConfigFields& fields, const HfConfig& config, HfRope& out) {
  KOAN_ASSIGN(out.base, fields.number_or("rope_theta", 1, kMaxBase, out.base));
  KOAN_ASSIGN(const double share, fields.number_or("partial_rotary_factor", 0, 1, 1));
  if (share != 1) return fields.refused("partial_rotary_factor", "is not 1");
  KOAN_ASSIGN(const std::string old_type, fields.text_or("type", "default"));
  KOAN_ASSIGN(const std::string type, fields.text_or("rope_type", old_type));
  if (type == "linear") {
    KOAN_ASSIGN(out.factor, fields.number("factor", 1, kMaxFactor));
  } else if (type == "llama3") {
    KOAN_TRY(read_llama3(fields, config, out));
  } else if (type != "default") {
    return fields.refused("rope_type", "= '" + type + "'; koan does default, linear and llama3");
  }
  return fields.refuse_others();
}

// Transformers 5, where layers with and without a window differ: an object for each kind of layer.
Status read_by_layer(const JsonDocument& json, HfConfig& config) {
  const std::string prefix = "rope_parameters.";
  ConfigFields kinds(json, prefix);
  KOAN_ASSIGN(const JsonDocument* full, kinds.object("full_attention"));
  KOAN_ASSIGN(const JsonDocument* sliding, kinds.object("sliding_attention"));
  if (full == nullptr) return kinds.wrong("full_attention", "is missing");
  KOAN_TRY(kinds.refuse_others());
  ConfigFields full_fields(*full, prefix + "full_attention.");
  KOAN_TRY(read_scaling(full_fields, config, config.rope));
  if (sliding == nullptr) return {};
  HfRope local;
  local.base = config.rope.local_base;
  ConfigFields local_fields(*sliding, prefix + "sliding_attention.");
  KOAN_TRY(read_scaling(local_fields, config, local));
  if (local.factor != 1 || !local.divisors.empty()) return local_fields.refused("rope_type", "is not 'default'");
  config.rope.local_base = local.base;
  return {};
}

}  // namespace

Status read_hf_rope(ConfigFields& fields, HfConfig& config) {
  HfRope& rope = config.rope;
  const bool has_local = config.family->gemma && config.family->head_norms;  // gemma3
  KOAN_ASSIGN(rope.base, fields.number_or("rope_theta", 1, kMaxBase, config.family->rope_base));
  if (has_local) {
    KOAN_ASSIGN(rope.local_base, fields.number_or("rope_local_base_freq", 1, kMaxBase, 10000));
  }
  KOAN_ASSIGN(const double share, fields.number_or("partial_rotary_factor", 0, 1, 1));
  if (share != 1) return fields.refused("partial_rotary_factor", "is not 1");
  KOAN_ASSIGN(const JsonDocument* parameters, fields.object("rope_parameters"));
  KOAN_ASSIGN(const JsonDocument* scaling, fields.object("rope_scaling"));
  if (parameters != nullptr && has_local && parameters->contains("full_attention"))
    return read_by_layer(*parameters, config);
  // Transformers 5 writes the same under both names for those who ask for the old one; the new one counts.
  const JsonDocument* json = parameters != nullptr ? parameters : scaling;
  if (json == nullptr) return {};
  ConfigFields inner(*json, parameters != nullptr ? "rope_parameters." : "rope_scaling.");
  return read_scaling(inner, config, rope);
}

}  // namespace koan
