// All that decides the results of a run, as config.json; its SHA-256 is the run's name (docs/evaluation.md, "A run").
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/json_document.h"
#include "runs/arm.h"
#include "runs/problem_player.h"
#include "tasks/task.h"

namespace koan::runs {

struct ModelName {
  std::string name, identity;  // as a ChatModel tells them
  std::uint64_t parameters = 0;
};

struct RunConfig {
  std::string koan;  // version of the program
  tasks::Task task;
  std::vector<tasks::Problem> problems;
  std::vector<Arm> arms;
  ModelName small, large, judge;  // judge: without a name there is none
  std::string coder_sha256, rewrite_prompts_sha256;
  std::uint64_t seed = 0;
  std::uint32_t trials = 1;
  std::size_t limit = 0;  // as it was asked for
  bool unsandboxed = false;
  PlayRules rules;
};

// Errors: those of protocol_for().
Result<JsonDocument> config_json(const RunConfig& config);
// The file's text, and the name of the run.
std::string config_text(const JsonDocument& json);
std::string run_name(const std::string& text);
// Makes the folder if it is not there, and config.json in it. kUsage if it has another one, with the member that
// differs; kIo.
Status begin_folder(const std::string& folder, const std::string& text);

}  // namespace koan::runs
