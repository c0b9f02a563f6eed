// What an evaluation is about, as data: evals/lossless.json (docs/evaluation.md section 2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "eval/bootstrap.h"

namespace koan {

struct EvalDomain {
  std::string name;   // a file name: letters, digits, "-" and "_"
  std::string title;  // for people
  std::string kind;   // "natural", "templated", "synthetic"
  std::string source, licence;
  bool seen_by_base = false;  // the embedded models were trained on text of this source (never on the test text)
  std::string train, test;    // paths below the data folder; no train: the adapter is another domain's
  std::string adapter;        // the correct one: a domain's name
};

// Names of top-level fields of a test record.
struct EvalFields {
  std::string text, context, group;
};

struct EvalSpec {
  std::string name;
  unsigned version = 0;
  std::string data;  // the data folder, if no other is named
  std::string make;  // the command that builds it
  EvalFields fields;
  std::string all_train;              // training file of the all-data control, below the data folder
  std::vector<std::string> training;  // options of koan adapt: the budget, the same for every adapter
  BootstrapSettings bootstrap;
  std::vector<EvalDomain> domains;
};

// The all-data control among the adapters; no domain has this name.
inline constexpr std::string_view kAllData = "all";

// kUsage: not JSON, or which key of which domain is missing, unknown or wrong.
Result<EvalSpec> parse_spec(std::string_view json);

// Only these domains, in the order of the spec. kUsage: a name that is not there, with those that are. A domain whose
// adapter is another's stays only together with that one.
Status keep_domains(EvalSpec& spec, const std::vector<std::string>& names);

// The adapters of the domains, in order, each once.
std::vector<std::string> adapter_names(const EvalSpec& spec);

}  // namespace koan
