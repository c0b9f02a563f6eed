#include "import/hf_config.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "import/hf_rope.h"
#include "model/architecture.h"
#include "model/config.h"

namespace koan {
namespace {

constexpr HfFamily kFamilies[] = {
    {.model_type = "llama",
     .class_name = "LlamaForCausalLM",
     .architecture = "llama",
     .pairs = true,
     .may_have_bias = true},
    {.model_type = "mistral", .class_name = "MistralForCausalLM", .architecture = "llama", .pairs = true},
    {.model_type = "qwen2",
     .class_name = "Qwen2ForCausalLM",
     .architecture = "qwen2",
     .needs_bias = true,
     .windows_by_flag = true},
    {.model_type = "qwen3",
     .class_name = "Qwen3ForCausalLM",
     .architecture = "qwen3",
     .head_norms = true,
     .windows_by_flag = true,
     .head_dim = 128},
    {.model_type = "gemma", .class_name = "GemmaForCausalLM", .architecture = "gemma", .gemma = true, .head_dim = 256},
    {.model_type = "gemma2",
     .class_name = "Gemma2ForCausalLM",
     .architecture = "gemma2",
     .gemma = true,
     .post_norms = true,
     .head_dim = 256,
     .window = 4096,
     .local_period = 2},
    {.model_type = "gemma3_text",
     .class_name = "Gemma3ForCausalLM",
     .architecture = "gemma3",
     .gemma = true,
     .head_norms = true,
     .post_norms = true,
     .head_dim = 256,
     .rope_base = 1000000,
     .window = 4096,
     .local_period = 6},
};

std::string family_names() {
  std::string out;
  for (const HfFamily& family : kFamilies) out += (out.empty() ? "" : ", ") + std::string(family.model_type);
  return out;
}

Result<const HfFamily*> read_family(ConfigFields& fields) {
  KOAN_ASSIGN(const std::string type, fields.text_or("model_type", ""));
  if (type.empty()) return fields.wrong("model_type", "is missing");
  const auto* const family = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                          [&](const HfFamily& known) { return type == known.model_type; });
  if (family == std::end(kFamilies)) {
    return fields.refused("model_type",
                          "is '" + type + "', an architecture that koan does not run; it runs " + family_names());
  }
  if (const JsonDocument* classes = fields.find("architectures")) {
    if (!classes->is_array() || classes->empty() || !classes->front().is_string())
      return fields.wrong("architectures", "is not a list of names");
    const std::string name = classes->front().get<std::string>();
    if (name != family->class_name) {
      return fields.refused("architectures",
                            "is '" + name + "'; koan runs " + family->class_name + " of model type " + type);
    }
  }
  return family;
}

Status read_sizes(ConfigFields& fields, HfConfig& out) {
  KOAN_ASSIGN(out.layers, fields.size("num_hidden_layers", kMaxLayers));
  KOAN_ASSIGN(out.width, fields.size("hidden_size", kMaxWidth));
  KOAN_ASSIGN(out.feed_forward, fields.size("intermediate_size", kMaxFeedForward));
  KOAN_ASSIGN(out.heads, fields.size("num_attention_heads", kMaxHeads));
  KOAN_ASSIGN(out.vocabulary, fields.size("vocab_size", kMaxVocabulary));
  KOAN_ASSIGN(out.context_length, fields.size("max_position_embeddings", UINT32_MAX));
  // Llama 1 has no such field.
  if (std::string_view(out.family->model_type) == "llama") {
    KOAN_ASSIGN(out.kv_heads, fields.size_or("num_key_value_heads", kMaxHeads, out.heads));
  } else {
    KOAN_ASSIGN(out.kv_heads, fields.size("num_key_value_heads", kMaxHeads));
  }
  if (out.heads % out.kv_heads != 0) return fields.wrong("num_key_value_heads", "does not divide num_attention_heads");
  const bool divides = out.family->head_dim != 0 || out.width % out.heads == 0;
  const std::uint64_t usual = out.family->head_dim != 0 ? out.family->head_dim : out.width / out.heads;
  if (fields.find("head_dim") == nullptr && !divides)
    return fields.wrong("hidden_size", "is not a multiple of num_attention_heads");
  KOAN_ASSIGN(out.head_dim, fields.size_or("head_dim", kMaxHeadDim, usual));
  if (out.head_dim == 0 || out.head_dim % 2 != 0) return fields.wrong("head_dim", "is not a positive even number");
  if (out.head_dim > kMaxHeadDim || out.heads * out.head_dim > kMaxWidth)
    return Error{ErrorCode::kLimit, "field 'head_dim' times num_attention_heads is above the limits of koan"};
  KOAN_ASSIGN(out.norm_eps, fields.number("rms_norm_eps", 1e-30, 0.5));
  return {};
}

// Gemma says "gelu" and means the tanh form, unless hidden_activation says otherwise.
Status check_activation(ConfigFields& fields, const HfFamily& family) {
  KOAN_ASSIGN(const std::string usual, fields.text_or("hidden_act", family.gemma ? "gelu_pytorch_tanh" : "silu"));
  if (!family.gemma) {
    if (usual != "silu") return fields.refused("hidden_act", "is '" + usual + "'; koan does silu here");
    return {};
  }
  const bool old = family.head_dim != 0 && !family.post_norms;  // gemma 1
  KOAN_ASSIGN(const std::string name,
              fields.text_or("hidden_activation", old && usual == "gelu" ? "gelu_pytorch_tanh" : usual));
  if (name != "gelu_pytorch_tanh")
    return fields.refused("hidden_activation", "is '" + name + "'; koan does gelu_pytorch_tanh here");
  return {};
}

// Which layers have the window: layer_types if it is there, else the rule of the family.
Result<std::vector<std::int64_t>> read_layer_types(ConfigFields& fields, const HfConfig& config,
                                                   std::vector<std::int64_t> otherwise) {
  const JsonDocument* types = fields.find("layer_types");
  if (types == nullptr) return otherwise;
  if (!types->is_array() || types->size() != config.layers)
    return fields.wrong("layer_types", "is not a list of one name for each layer");
  std::vector<std::int64_t> out;
  for (const JsonDocument& type : *types) {
    const std::string name = type.is_string() ? type.get<std::string>() : type.dump();
    if (name != "full_attention" && name != "sliding_attention")
      return fields.refused("layer_types", "has '" + name + "'");
    out.push_back(name == "sliding_attention" ? 1 : 0);
  }
  return out;
}

std::vector<std::int64_t> all_but_each(std::uint64_t period, std::uint64_t layers) {
  std::vector<std::int64_t> out;
  for (std::uint64_t i = 0; i < layers; ++i) out.push_back(period == 0 || (i + 1) % period != 0 ? 1 : 0);
  return out;
}

// The rule of the family, before layer_types.
Result<std::vector<std::int64_t>> usual_layers(ConfigFields& fields, const HfConfig& config) {
  if (config.family->windows_by_flag) {
    KOAN_ASSIGN(const double full, fields.number_or("max_window_layers", 0, UINT32_MAX, 28));
    std::vector<std::int64_t> out;
    for (std::uint64_t i = 0; i < config.layers; ++i) out.push_back(static_cast<double>(i) >= full ? 1 : 0);
    return out;
  }
  std::uint64_t period = config.family->local_period;
  for (const char* name : {"_sliding_window_pattern", "sliding_window_pattern"}) {
    if (!config.family->head_norms || !config.family->gemma) break;
    KOAN_ASSIGN(period, fields.size_or(name, kMaxLayers, period));
  }
  return all_but_each(period, config.layers);
}

Status read_window(ConfigFields& fields, HfConfig& out) {
  const HfFamily& family = *out.family;
  const bool may = std::string_view(family.model_type) == "mistral" || family.windows_by_flag || family.window != 0;
  if (!may) {  // what it may say is that there is none; sliding_window is left to be refused
    KOAN_ASSIGN(const auto types, read_layer_types(fields, out, {}));
    if (std::find(types.begin(), types.end(), 1) != types.end())
      return fields.refused("layer_types", "has 'sliding_attention'");
    return {};
  }
  bool on = true;
  if (family.windows_by_flag) {
    KOAN_ASSIGN(on, fields.flag_or("use_sliding_window", false));
    if (!on) (void)fields.find("max_window_layers");
  }
  on = on && !fields.is_null("sliding_window");
  KOAN_ASSIGN(const std::uint64_t window, fields.size_or("sliding_window", UINT32_MAX, family.window));
  std::vector<std::int64_t> usual(out.layers, 0);
  if (on && window != 0) {
    KOAN_ASSIGN(usual, usual_layers(fields, out));
  }
  KOAN_ASSIGN(out.local, read_layer_types(fields, out, usual));
  const bool any = std::find(out.local.begin(), out.local.end(), 1) != out.local.end();
  if (any && (!on || window == 0)) return fields.refused("layer_types", "has 'sliding_attention' without a window");
  // gemma2 has its window unless each layer says no.
  out.window = any || (family.gemma && !family.head_norms) ? (window == 0 ? family.window : window) : 0;
  if (out.local == all_but_each(family.local_period, out.layers) || out.window == 0) out.local.clear();
  return {};
}

// What only gemma 2 and 3 have.
Status read_gemma(ConfigFields& fields, HfConfig& out) {
  const bool always_caps = !out.family->head_norms;  // gemma2: a GGUF file cannot say that it does not
  for (const char* name : {"attn_logit_softcapping", "final_logit_softcapping"}) {
    if (always_caps && fields.is_null(name)) return fields.refused(name, "is null, where koan's gemma2 has a cap");
  }
  KOAN_ASSIGN(out.attention_cap, fields.number_or("attn_logit_softcapping", 1e-3, 1e6, always_caps ? 50 : 0));
  KOAN_ASSIGN(out.output_cap, fields.number_or("final_logit_softcapping", 1e-3, 1e6, always_caps ? 30 : 0));
  KOAN_ASSIGN(const double scalar, fields.number_or("query_pre_attn_scalar", 1e-3, 1e6, 256));
  const bool wide = find_architecture(out.family->architecture)->wide_scale_layers == out.layers;
  if (scalar != static_cast<double>(wide ? out.width / out.heads : out.head_dim))
    out.score_scale = 1 / std::sqrt(scalar);
  return {};
}

Status read_biases(ConfigFields& fields, HfConfig& out) {
  KOAN_ASSIGN(const bool attention, fields.flag_or("attention_bias", out.family->needs_bias));
  KOAN_ASSIGN(const bool feed_forward, fields.flag_or("mlp_bias", false));
  if (feed_forward) return fields.refused("mlp_bias", "is true");
  if (attention && !out.family->needs_bias && !out.family->may_have_bias)
    return fields.refused("attention_bias", "is true");
  out.bias = out.family->needs_bias || attention;
  return {};
}

// An id, or the first of a list.
std::optional<std::uint64_t> read_id(ConfigFields& fields, const char* name) {
  const JsonDocument* value = fields.find(name);
  if (value != nullptr && value->is_array() && !value->empty()) value = &value->front();
  if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
  return value->get<std::uint64_t>();
}

Status read_identity(ConfigFields& fields, HfConfig& out) {
  KOAN_ASSIGN(const std::string path, fields.text_or("_name_or_path", ""));
  std::string name = path.substr(0, path.find_last_not_of('/') + 1);
  out.name = name.substr(name.rfind('/') + 1);
  out.bos = read_id(fields, "bos_token_id");
  out.eos = read_id(fields, "eos_token_id");
  return {};
}

}  // namespace

Result<HfConfig> parse_hf_config(std::string_view text) {
  KOAN_ASSIGN(const JsonDocument json, parse_json_document(text, kMaxHfConfigBytes));
  ConfigFields fields(json);
  HfConfig out;
  KOAN_ASSIGN(out.family, read_family(fields));
  if (fields.find("quantization_config") != nullptr)
    return fields.refused("quantization_config", "is set: koan reads plain F32, F16 and BF16 weights");
  KOAN_TRY(read_sizes(fields, out));
  KOAN_TRY(read_identity(fields, out));
  KOAN_TRY(check_activation(fields, *out.family));
  KOAN_ASSIGN(out.tied, fields.flag_or("tie_word_embeddings", out.family->gemma));
  KOAN_TRY(read_biases(fields, out));
  KOAN_TRY(read_hf_rope(fields, out));
  KOAN_TRY(read_window(fields, out));
  if (out.family->post_norms) KOAN_TRY(read_gemma(fields, out));
  KOAN_TRY(fields.refuse_others());
  return out;
}

}  // namespace koan
