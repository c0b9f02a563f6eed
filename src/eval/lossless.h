// koan eval lossless: measures every domain of a specification under every condition (docs/evaluation.md section 3).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval/measured.h"
#include "eval/record_coder.h"
#include "eval/spec.h"
#include "eval/test_set.h"

namespace koan {

struct ModelIdentity {
  std::string name;
  std::string sha256;  // hexadecimal
  std::uint64_t bytes = 0;
  std::uint32_t vocabulary = 0;
  std::function<std::size_t(ByteView text)> count_tokens;
};

struct LosslessSetup {
  EvalSpec spec;
  std::string data;      // folder of the domains
  std::string out;       // folder of the results
  std::string adapters;  // folder of NAME.lora.gguf
  ModelIdentity model;
  std::string koan;  // version and hash of the program
  RecordCoder* coder = nullptr;
  std::function<void(const std::string& line)> say;  // progress
  StopFlag stop = nullptr;
};

// What was measured of one domain.
struct DomainResult {
  EvalDomain domain;
  TestSet test;
  std::uint64_t test_file_bytes = 0;
  std::vector<std::size_t> tokens;  // of each record's text, in the model's vocabulary
  std::vector<Measured> measured;   // one for each condition

  const Measured* find(const std::string& condition) const noexcept;
};

struct LosslessResult {
  std::vector<AdapterFile> adapters;  // of the domains, then "all"
  std::vector<DomainResult> domains;
};

// Names of conditions. An adapter's is "adapter:" and its name.
inline constexpr std::string_view kBase = "base", kZstdDictionary = "zstd_dictionary", kZstdCorpus = "zstd_corpus",
                                  kByPrompt = "route:prompt", kByText = "route:text", kByTrial = "route:trial";
std::string adapter_condition(const std::string& name);

// kUsage: data that is not there, with the command that makes it. Otherwise what the coder says, with the domain and
// the condition. What has been measured stays in `out` and is not measured again.
Result<LosslessResult> run_lossless(const LosslessSetup& setup);

}  // namespace koan
