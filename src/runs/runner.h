// Runs what is missing of a run: every problem of the shard by every arm, in every trial (docs/evaluation.md,
// "Runner").
#pragma once

#include <functional>

#include "grade/grade.h"
#include "runs/config.h"
#include "runs/journal.h"

namespace koan::runs {

struct RunSetup {
  RunConfig config;
  CrewFacts facts;
  CrewMaker crew;
  std::function<Result<grade::Grade>(const std::string& program)> run_program;  // as grade::Means::run
  std::string folder;
  Shard shard;
  unsigned workers = 1;  // problems at the same time; never changes a result
  // Of this shard; from any thread, one at a time.
  std::function<void(std::size_t done, std::size_t total)> progress = {};
};

struct RunOutcome {
  std::size_t samples = 0;  // that this shard is to have
  std::size_t made = 0;     // now; the others were there
  std::size_t failed = 0;   // of these, with an error
  std::string first_error;
  ErrorCode first_code = ErrorCode::kRemote;
};

// Failures of one sample (a server that refuses, a reply that is too long) are written down and the rest goes on, until
// kMostFailures problems in a row had some. Errors: the last of those; kCancelled, kBudget and all else at once. What
// was made stays.
inline constexpr unsigned kMostFailures = 5;
Result<RunOutcome> run(const RunSetup& setup);

// All samples of the run in the order of problem, arm (as in the config) and trial.
struct Gathered {
  std::vector<Sample> samples;
  std::size_t wanted = 0;  // of all shards
  std::size_t failed = 0;  // of samples: with an error
  bool complete() const noexcept { return samples.size() == wanted && failed == 0; }
};
// Errors: kIo, kCorrupt; kUsage for a sample of another problem.
Result<Gathered> gather(const RunConfig& config, const std::string& folder);

}  // namespace koan::runs
