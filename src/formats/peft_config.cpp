#include "formats/peft_config.h"

#include <algorithm>
#include <cmath>

#include "formats/adapter.h"
#include "formats/json_document.h"
#include "formats/json_line.h"

namespace koan {
namespace {

// Fields without influence on what an adapter that is there adds. Which modules and layers were chosen is answered by
// the tensors; ensure_weight_tying and the group size of QALoRA matter to modules and methods that are refused
// themselves; megatron_core is a default that is never empty.
constexpr const char* kHarmless[] = {"auto_mapping",   "revision",      "inference_mode",      "lora_dropout",
                                     "peft_version",   "eva_config",    "runtime_config",      "layers_to_transform",
                                     "layers_pattern", "megatron_core", "ensure_weight_tying", "qalora_group_size",
                                     "exclude_modules"};
// Fields that are read.
constexpr const char* kRead[] = {"peft_type",        "r",
                                 "lora_alpha",       "use_rslora",
                                 "rank_pattern",     "bias",
                                 "target_modules",   "base_model_name_or_path",
                                 "task_type",        "alpha_pattern",
                                 "init_lora_weights"};
constexpr const char* kOtherMathematics[] = {
    "use_dora",          "lora_bias",      "modules_to_save", "layer_replication",       "trainable_token_indices",
    "target_parameters", "fan_in_fan_out", "use_qalora",      "alora_invocation_tokens", "megatron_config"};
// Ways to begin training that leave the base as it is. Others (pissa, olora, corda, loftq) change it again when loaded.
constexpr const char* kHarmlessStarts[] = {"gaussian", "eva", "orthogonal"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Error wrong(const std::string& field, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "PEFT field '" + field + "' " + what};
}

Error refused(const std::string& field, const std::string& what) {
  return Error{ErrorCode::kNotSupported, "PEFT field '" + field + "' " + what};
}

// Absent and null are the same.
const JsonDocument* find(const JsonDocument& json, const std::string& field) {
  const auto found = json.find(field);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> text_or(const JsonDocument& json, const std::string& field, const std::string& otherwise) {
  const JsonDocument* value = find(json, field);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) return wrong(field, "is not a string");
  return value->get<std::string>();
}

Result<std::uint32_t> rank_from(const JsonDocument& value, const std::string& field) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) return wrong(field, "is not a positive integer");
  if (value.get<std::uint64_t>() > kMaxAdapterRank) {
    return Error{ErrorCode::kLimit, "PEFT field '" + field + "' is " + value.dump() + ", above the limit of " +
                                        std::to_string(kMaxAdapterRank)};
  }
  return value.get<std::uint32_t>();
}

Result<double> alpha_from(const JsonDocument& value, const std::string& field) {
  if (!value.is_number()) return wrong(field, "is not a number");
  const double alpha = value.get<double>();
  // So that it stays finite in binary32, whatever the rank.
  if (!(std::fabs(alpha) <= 1e30)) return wrong(field, "is out of range");
  return alpha;
}

Status read_patterns(const JsonDocument& json, PeftConfig& out) {
  for (const bool is_rank : {true, false}) {
    const std::string field = is_rank ? "rank_pattern" : "alpha_pattern";
    const JsonDocument* patterns = find(json, field);
    if (patterns == nullptr) continue;
    if (!patterns->is_object()) return wrong(field, "is not an object");
    for (const auto& [pattern, value] : patterns->items()) {
      const std::string where = field + "." + pattern;
      double number = 0;
      if (is_rank) {
        KOAN_ASSIGN(number, rank_from(value, where));
      } else {
        KOAN_ASSIGN(number, alpha_from(value, where));
      }
      auto added = (is_rank ? out.ranks : out.alphas).add(pattern, number);
      if (!added) return std::move(added).error().in("PEFT field '" + field + "'");
    }
  }
  return {};
}

// A list of names; a string is a pattern over names or "all-linear".
Status read_targets(const JsonDocument& json, PeftConfig& out) {
  const JsonDocument* targets = find(json, "target_modules");
  if (targets == nullptr || targets->is_string()) return {};
  if (!targets->is_array()) return wrong("target_modules", "is neither a list nor a string");
  for (const JsonDocument& target : *targets) {
    if (!target.is_string()) return wrong("target_modules", "holds something that is not a string");
    out.target_modules.push_back(target.get<std::string>());
  }
  return {};
}

Status check_start(const JsonDocument& json) {
  const JsonDocument* start = find(json, "init_lora_weights");
  if (start == nullptr || start->is_boolean()) return {};
  if (start->is_string() && contains(kHarmlessStarts, start->get<std::string>())) return {};
  return refused("init_lora_weights", "is " + start->dump() + ", which changes the base model");
}

Status check_fields(const JsonDocument& json) {
  for (const auto& [field, value] : json.items()) {
    if (contains(kHarmless, field) || contains(kRead, field) || !is_truthy(value)) continue;
    return refused(field, contains(kOtherMathematics, field) ? "is set: that is another mathematics than koan's"
                                                             : "is set and not known: it may change the mathematics");
  }
  KOAN_ASSIGN(const std::string type, text_or(json, "peft_type", ""));
  if (type.empty()) return wrong("peft_type", "is missing");
  if (type != "LORA") return refused("peft_type", "is '" + type + "'; koan imports LORA");
  KOAN_ASSIGN(const std::string bias, text_or(json, "bias", "none"));
  if (bias != "none") return refused("bias", "is '" + bias + "': koan's models have no biases");
  KOAN_ASSIGN(const std::string task, text_or(json, "task_type", "CAUSAL_LM"));
  if (task != "CAUSAL_LM") return refused("task_type", "is '" + task + "'; koan imports CAUSAL_LM");
  return check_start(json);
}

JsonDocument number(double value) {
  if (value == std::floor(value) && std::fabs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

JsonDocument patterns_of(const ModuleValues& values) {
  JsonDocument out = JsonDocument::object();
  for (const ModuleValues::Entry& entry : values.entries()) out[entry.text] = number(entry.value);
  return out;
}

}  // namespace

Status ModuleValues::add(const std::string& pattern, double value) {
  KOAN_ASSIGN(NamePattern parsed, NamePattern::parse("(.*\\.)?(" + pattern + ")$"));
  entries_.push_back({pattern, std::move(parsed), value});
  return {};
}

double ModuleValues::of(std::string_view module, double otherwise) const {
  for (const Entry& entry : entries_) {
    if (entry.pattern.matches(module)) return entry.value;
  }
  return otherwise;
}

std::uint32_t PeftConfig::rank_of(std::string_view module) const {
  return static_cast<std::uint32_t>(ranks.of(module, rank));
}

bool PeftConfig::targets(std::string_view module) const {
  return target_modules.empty() || std::any_of(target_modules.begin(), target_modules.end(), [&](const auto& target) {
           return module == target || module.ends_with("." + target);
         });
}

Result<PeftConfig> parse_peft_config(std::string_view text) {
  auto parsed = parse_json_document(text, kMaxPeftConfigBytes);
  if (!parsed) return std::move(parsed).error().in("PEFT configuration");
  const JsonDocument& json = *parsed;
  KOAN_TRY(check_fields(json));
  PeftConfig out;
  if (const JsonDocument* rank = find(json, "r")) {
    KOAN_ASSIGN(out.rank, rank_from(*rank, "r"));
  }
  if (const JsonDocument* alpha = find(json, "lora_alpha")) {
    KOAN_ASSIGN(out.alpha, alpha_from(*alpha, "lora_alpha"));
  }
  if (const JsonDocument* stabilized = find(json, "use_rslora")) {
    if (!stabilized->is_boolean()) return wrong("use_rslora", "is not a boolean");
    out.rank_stabilized = stabilized->get<bool>();
  }
  KOAN_TRY(read_patterns(json, out));
  KOAN_TRY(read_targets(json, out));
  KOAN_ASSIGN(out.base_model, text_or(json, "base_model_name_or_path", ""));
  return out;
}

Result<std::string> write_peft_config(const PeftConfig& config) {
  if (!escape_json(as_bytes(config.base_model), kEscapeNonAscii))
    return wrong("base_model_name_or_path", "would not be UTF-8");
  const JsonDocument out = {{"alpha_pattern", patterns_of(config.alphas)},
                            {"base_model_name_or_path", config.base_model},
                            {"bias", "none"},
                            {"fan_in_fan_out", false},
                            {"inference_mode", true},
                            {"init_lora_weights", true},
                            {"lora_alpha", number(config.alpha)},
                            {"lora_dropout", 0.0},
                            {"modules_to_save", nullptr},
                            {"peft_type", "LORA"},
                            {"r", config.rank},
                            {"rank_pattern", patterns_of(config.ranks)},
                            {"revision", nullptr},
                            {"target_modules", config.target_modules},
                            {"task_type", "CAUSAL_LM"},
                            {"use_dora", false},
                            {"use_rslora", config.rank_stabilized}};
  return out.dump(2) + "\n";
}

}  // namespace koan
