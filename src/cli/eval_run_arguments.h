// The command line of koan eval run as data (docs/cli.md, Evaluation).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoints.h"
#include "runs/journal.h"

namespace koan::cli {

struct EvalRunArguments {
  std::string task, small, large, judge;
  std::vector<std::string> arms;
  std::string data, out;  // empty: by rule
  std::size_t limit = 0;  // problems; 0: all
  std::uint64_t seed = 0;
  std::uint32_t trials = 1, samples = 5, max_tokens = 0;
  runs::Shard shard;
  unsigned threads = 0;
  RemoteUse remote;
  bool has_budget = false;  // one was given
  bool yes = false, unsandboxed = false, errors_are_wrong = false, report = false, json = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<EvalRunArguments> parse_eval_run(const std::vector<std::string>& words, int* code);

}  // namespace koan::cli
