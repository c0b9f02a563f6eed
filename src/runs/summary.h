// The figures of a run (docs/evaluation.md, "Statistics" and "A run").
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runs/runner.h"
#include "runs/statistics.h"

namespace koan::runs {

struct Means {
  double bits = 0, questions = 0, payload_bytes = 0, file_bytes = 0, tokens_small = 0, tokens_large = 0, flop = 0,
         seconds = 0, money = 0;
};

struct Discordant {
  std::uint64_t only_this = 0, only_other = 0;  // problems that only one of the arms has right
  double p = 1;
};

struct ArmSummary {
  std::string name;
  std::size_t n = 0, correct = 0, errors = 0;  // samples; one with an error counts as wrong
  Rate accuracy;
  std::vector<double> by_trial;  // accuracy
  Recovery recovery;
  Rate recovery_medium_hard;  // of the problems that the small model has wrong and the large one right
  Rate harm;                  // of those that the small model has right: wrong
  Means means;                // a sample
  std::optional<double> ratio_uniform, ratio_coded;
  std::map<std::string, Discordant> against;
  struct Count {
    std::size_t n = 0, correct = 0;
  };
  std::map<std::string, Count> difficulty;  // easy, medium, hard
};

struct RunSummary {
  std::size_t problems = 0, n_easy = 0, n_medium_hard = 0;
  double gap = 0;  // large - small, in accuracy
  std::vector<ArmSummary> arms;
  const ArmSummary* find(std::string_view arm) const noexcept;
};

// What the paper divides bits by: a token of the strong model's answer, of its vocabulary of 100277.
inline constexpr double kBitsOfToken = 16.613631;

// Samples of all arms, problems and trials.
RunSummary summarise(const RunConfig& config, std::span<const Sample> samples);

// results.json: lm-evaluation-harness's members, and `koan`.
std::string results_json(const RunConfig& config, const JsonDocument& config_json, const RunSummary& summary);
// results.json and samples_TASK.jsonl.
Status write_results(const RunConfig& config, const RunSummary& summary, std::span<const Sample> samples,
                     const std::string& folder);

}  // namespace koan::runs
