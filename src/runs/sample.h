// One answer of one arm to one problem, as a line of a journal (docs/evaluation.md, "A run").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "formats/json_document.h"
#include "runs/use.h"
#include "tasks/task.h"

namespace koan::runs {

struct SampleKey {
  std::size_t problem = 0;  // its index in the run
  std::string arm;
  std::uint32_t trial = 0;
  auto operator<=>(const SampleKey&) const = default;
};

struct Sample {
  SampleKey key;
  std::string id, problem, level, subject, doc_hash, target;  // of the problem; `problem` is its text
  std::uint64_t seed = 0;
  std::string text;    // the reply that was graded
  std::string answer;  // as the grader read it
  std::string why;     // of a wrong one
  bool right = false;
  double bits = 0;
  std::uint64_t questions = 0, payload_bytes = 0;
  std::uint64_t file_bytes = 0;  // 0: there is no ask file
  double answer_bits = 0;        // of the large model's text, arithmetic-coded
  std::uint64_t answer_tokens = 0;
  Use small, large;
  double flop = 0, money = 0;
  std::string error;  // not empty: there is no result
  double seconds() const noexcept { return small.seconds + large.seconds; }
};

JsonDocument to_json(const Sample& sample, const std::string& task);
// Errors: kCorrupt with the member.
Result<Sample> parse_sample(std::string_view line);

// 64 hexadecimal digits over what a problem is.
std::string hash_of(const tasks::Problem& problem);

}  // namespace koan::runs
