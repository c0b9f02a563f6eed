// results.json and samples_TASK.jsonl (docs/evaluation.md, "A run").
#include <cmath>

#include "base/file.h"
#include "runs/summary.h"

namespace koan::runs {
namespace {

JsonDocument json_of(const Rate& rate) { return JsonDocument::array({rate.value, rate.low, rate.high}); }

JsonDocument json_of(const Recovery& recovery) {
  if (!recovery.value) return nullptr;
  if (!recovery.interval) return JsonDocument::array({*recovery.value, nullptr, nullptr});
  return JsonDocument::array({*recovery.value, recovery.interval->low, recovery.interval->high});
}

JsonDocument json_of(const std::optional<double>& value) { return value ? JsonDocument(*value) : JsonDocument(); }

JsonDocument json_of(const ArmSummary& arm, const RunSummary& run) {
  JsonDocument against = JsonDocument::object(), difficulty = JsonDocument::object();
  for (const auto& [name, pair] : arm.against)
    against[name] = {{"only_this", pair.only_this}, {"only_other", pair.only_other}, {"p", pair.p}};
  for (const char* name : {"easy", "medium", "hard"})
    difficulty[name] = {{"n", arm.difficulty.at(name).n}, {"correct", arm.difficulty.at(name).correct}};
  const Means& means = arm.means;
  return {{"n", arm.n},
          {"correct", arm.correct},
          {"errors", arm.errors},
          {"accuracy", json_of(arm.accuracy)},
          {"accuracy_by_trial", arm.by_trial},
          {"recovery", json_of(arm.recovery)},
          {"recovery_medium_hard", run.n_medium_hard == 0 ? JsonDocument() : json_of(arm.recovery_medium_hard)},
          {"n_medium_hard", run.n_medium_hard},
          {"harm", run.n_easy == 0 ? JsonDocument() : json_of(arm.harm)},
          {"n_easy", run.n_easy},
          {"bits", means.bits},
          {"bits_as_questions", means.questions},
          {"payload_bytes", means.payload_bytes},
          {"file_bytes", means.file_bytes},
          {"ratio_uniform", json_of(arm.ratio_uniform)},
          {"ratio_coded", json_of(arm.ratio_coded)},
          {"tokens_small", means.tokens_small},
          {"tokens_large", means.tokens_large},
          {"flop", means.flop},
          {"seconds", means.seconds},
          {"money", means.money},
          {"mcnemar", std::move(against)},
          {"difficulty", std::move(difficulty)}};
}

// As the standard error of a mean of zeros and ones is computed there.
double standard_error(const ArmSummary& arm) {
  if (arm.n < 2) return 0;
  const double p = static_cast<double>(arm.correct) / static_cast<double>(arm.n);
  return std::sqrt(p * (1 - p) / static_cast<double>(arm.n - 1));
}

}  // namespace

std::string results_json(const RunConfig& config, const JsonDocument& config_json, const RunSummary& summary) {
  JsonDocument results = JsonDocument::object(), configs = JsonDocument::object(), versions = JsonDocument::object(),
               counts = JsonDocument::object(), higher = JsonDocument::object(), arms = JsonDocument::object();
  const tasks::Task& task = config.task;
  for (const ArmSummary& arm : summary.arms) {
    const std::string name = task.name + "/" + arm.name;
    results[name] = {{"alias", name},
                     {"acc,none", static_cast<double>(arm.correct) / static_cast<double>(arm.n)},
                     {"acc_stderr,none", standard_error(arm)}};
    configs[name] = {{"task", name},
                     {"dataset_path", task.source},
                     {"test_split", task.split},
                     {"repeats", config.trials},
                     {"metadata", {{"version", task.version}, {"licence", task.licence}}}};
    versions[name] = task.version;
    counts[name] = {{"original", config.problems.size()}, {"effective", config.problems.size()}};
    higher[name] = {{"acc", true}};
    arms[arm.name] = json_of(arm, summary);
  }
  const JsonDocument koan = {{"version", 1},
                             {"run", run_name(config_text(config_json))},
                             {"task", task.name},
                             {"problems", summary.problems},
                             {"trials", config.trials},
                             {"arms", std::move(arms)},
                             {"small", kSmallArm},
                             {"large", kLargeArm},
                             {"gap", summary.gap}};
  const JsonDocument out = {{"results", std::move(results)},
                            {"configs", std::move(configs)},
                            {"versions", std::move(versions)},
                            {"higher_is_better", std::move(higher)},
                            {"n-samples", std::move(counts)},
                            {"config", config_json},
                            {"koan", koan}};
  return out.dump(2, ' ', false, JsonDocument::error_handler_t::replace) + "\n";
}

Status write_results(const RunConfig& config, const RunSummary& summary, std::span<const Sample> samples,
                     const std::string& folder) {
  std::string lines;
  for (const Sample& sample : samples) lines += to_line(to_json(sample, config.task.name)) + "\n";
  KOAN_TRY(write_file(folder + "/samples_" + config.task.name + ".jsonl", as_bytes(lines)));
  KOAN_ASSIGN(const JsonDocument json, config_json(config));
  return write_file(folder + "/results.json", as_bytes(results_json(config, json, summary)));
}

}  // namespace koan::runs
