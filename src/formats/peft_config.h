// adapter_config.json of PEFT (facts: peft's LoraConfig and its look-up of patterns). What changes the mathematics in a
// way that koan does not do is refused by name, and so is a field that is set and unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/name_pattern.h"

namespace koan {

inline constexpr std::size_t kMaxPeftConfigBytes = 1 << 20;

// rank_pattern or alpha_pattern: values for modules whose name ends, after a dot or as a whole, in what the pattern
// matches. The first that fits counts.
class ModuleValues {
 public:
  // Errors as NamePattern::parse.
  Status add(const std::string& pattern, double value);
  double of(std::string_view module, double otherwise) const;
  bool empty() const noexcept { return entries_.empty(); }

  struct Entry {
    std::string text;
    NamePattern pattern;
    double value;
  };
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

struct PeftConfig {
  std::uint32_t rank = 8;  // PEFT's own defaults
  double alpha = 8;
  bool rank_stabilized = false;             // scale alpha / sqrt(rank) instead of alpha / rank
  ModuleValues ranks, alphas;               // other values for some modules
  std::vector<std::string> target_modules;  // names or ends of names; empty: a pattern, which the tensors speak for
  std::string base_model;                   // base_model_name_or_path

  // Of a module such as "model.layers.0.self_attn.q_proj".
  std::uint32_t rank_of(std::string_view module) const;
  double alpha_of(std::string_view module) const { return alphas.of(module, alpha); }
  bool targets(std::string_view module) const;
};

// Errors: kCorrupt (JSON, types and ranges, by field), kNotSupported (by field), kLimit.
Result<PeftConfig> parse_peft_config(std::string_view json);

// kCorrupt: base_model is not UTF-8.
Result<std::string> write_peft_config(const PeftConfig& config);

}  // namespace koan
