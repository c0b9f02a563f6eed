// The folder of a run of `koan eval run`, read (docs/evaluation.md, "A run").
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/json_document.h"

namespace koan::report {

inline constexpr double kNothing = NAN;  // a figure that the run does not have

struct Interval {
  double value = kNothing, low = kNothing, high = kNothing;
};

// The same problems, right in one arm and wrong in the other.
struct Pair {
  double only_this = kNothing, only_other = kNothing, p = kNothing;
};

struct Counts {
  std::uint64_t n = 0, correct = 0;
};

struct Arm {
  std::string name;
  Counts counts;
  std::uint64_t errors = 0;  // samples that failed and are not counted
  Interval accuracy, recovery, recovery_medium_hard, harm;
  double n_medium_hard = kNothing, bits = kNothing, bits_as_questions = kNothing, payload_bytes = kNothing;
  double ratio_uniform = kNothing, ratio_coded = kNothing;
  double tokens_small = kNothing, tokens_large = kNothing, flop = kNothing, seconds = kNothing, money = kNothing;
  std::map<std::string, Pair> against;  // other arms
  std::map<std::string, Counts> difficulty;
};

struct Sample {
  std::uint64_t problem = 0, trial = 0;
  std::string id, level, subject, arm, target, reply, answer, why, error;
  bool right = false;
  double bits = kNothing, answer_bits = kNothing;
};

struct Run {
  std::string folder, name, task;  // name: hash of its configuration
  std::uint64_t problems = 0;
  std::string small, large;  // arms
  double gap = kNothing;
  std::vector<Arm> arms;
  std::vector<Sample> samples;
  JsonDocument koan, config;                  // members of results.json as they are
  std::map<std::string, std::string> hashes;  // SHA-256 of each file that was read

  const Arm* find(const std::string& arm) const;
};

// Errors: kIo, kCorrupt and kNeedsVersion with file and place.
Result<Run> read_run(const std::string& folder);

// What an arm is there for. kText: the strong model's answer itself is sent, as it is or rewritten.
enum class Role { kMethod, kControl, kCeiling, kText };
Role role_of(const Run& run, const std::string& arm);
const char* name_of(Role role);

}  // namespace koan::report
