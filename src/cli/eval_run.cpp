// koan eval run: a benchmark by every arm, and what came of it (docs/evaluation.md, "Runner").
#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/eval_models.h"
#include "cli/eval_run_arguments.h"
#include "cli/eval_run_report.h"
#include "cli/exit_code.h"
#include "cli/model_places.h"
#include "cli/programs.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/report_page.h"
#include "cli/signals.h"
#include "koan/koan.h"
#include "runs/estimate.h"
#include "runs/summary.h"
#include "sandbox/sandbox.h"

namespace koan::cli {
namespace {

constexpr const char* kSamples = "evals/samples";

// Where the problems of a task lie.
Result<std::string> data_of(const tasks::Task& task, const std::string& given) {
  if (!given.empty()) return given;
  if (task.file.empty())
    return Error{ErrorCode::kUsage,
                 "task " + task.name + " needs its published file: --data FILE (" + task.source + ")"};
  for (const std::string& folder : {environment("KOAN_BENCHMARKS"), std::string(kSamples)}) {
    if (folder.empty()) continue;
    if (auto found = tasks::find_file(task, folder)) return std::move(*found);
  }
  return Error{ErrorCode::kUsage, "no data of task " + task.name + ": give --data, or put " + task.file +
                                      " into a folder that KOAN_BENCHMARKS names, or into " + kSamples};
}

bool has_kind(const runs::RunConfig& config, grade::Kind kind) {
  return std::any_of(config.problems.begin(), config.problems.end(),
                     [&](const tasks::Problem& problem) { return problem.target.kind == kind; });
}

// Before anything is run or paid for.
Status check(const EvalRunArguments& arguments, const runs::RunConfig& config) {
  if (has_kind(config, grade::Kind::kJudge) && arguments.judge.empty())
    return Error{ErrorCode::kUsage, "task " + config.task.name + " has answers in free form: give --judge MODEL"};
  if (has_kind(config, grade::Kind::kCode) && !arguments.unsandboxed) KOAN_TRY(sandbox::available());
  for (const runs::Arm& arm : config.arms) {
    if (arm.kind != runs::ArmKind::kProtocol) continue;
    KOAN_ASSIGN(const ask::ProtocolData data, runs::protocol_for(arm.protocol, config.rules.prompts));
    if (data.pool != 0 && config.small.identity.empty())
      return Error{ErrorCode::kUsage, "arm " + std::string(arm.name) +
                                          " needs a small model that gives probabilities, such as a local one"};
  }
  return {};
}

Result<runs::RunConfig> config_of(const EvalRunArguments& arguments, const EvalModels& models) {
  runs::RunConfig out;
  out.koan = koan_version();
  KOAN_ASSIGN(out.task, tasks::find_task(arguments.task));
  KOAN_ASSIGN(const std::string data, data_of(out.task, arguments.data));
  KOAN_ASSIGN(out.problems, tasks::load_problems(out.task, {data, arguments.seed, arguments.limit}));
  KOAN_ASSIGN(out.arms, runs::arms_named(arguments.arms));
  out.small = models.name_of(arguments.small);
  out.large = models.name_of(arguments.large);
  out.judge = models.name_of(arguments.judge);
  KOAN_ASSIGN(const auto coder, runs::AnswerCoder::create());
  out.coder_sha256 = coder->model_sha256();
  out.rewrite_prompts_sha256 = to_hex(coder->prompts_sha256());
  out.seed = arguments.seed;
  out.trials = arguments.trials;
  out.limit = arguments.limit;
  out.unsandboxed = arguments.unsandboxed;
  out.rules.prompts = out.task.prompts;
  out.rules.cap = arguments.max_tokens;
  out.rules.samples = arguments.samples;
  KOAN_ASSIGN(out.rules.own, runs::parse_run_prompts(runs::run_prompts_file()));
  out.rules.clock = seconds_now;
  out.rules.cancelled = interrupted;
  KOAN_TRY(check(arguments, out));
  return out;
}

// Samples of the shard that are not there yet.
Result<std::size_t> missing(const runs::RunSetup& setup) {
  KOAN_ASSIGN(const auto there, runs::read_journals(setup.folder));
  std::size_t out = 0;
  for (std::size_t i = 0; i < setup.config.problems.size(); ++i) {
    if (!setup.shard.owns(i)) continue;
    for (const runs::Arm& arm : setup.config.arms) {
      for (std::uint32_t trial = 0; trial < setup.config.trials; ++trial) {
        const auto found = there.find({i, std::string(arm.name), trial});
        out += found == there.end() || !found->second.error.empty() ? 1 : 0;
      }
    }
  }
  return out;
}

// What remote models may cost is said, and agreed to.
Result<RemoteUse> agree(const EvalRunArguments& arguments, const EvalModels& models, const runs::RunSetup& setup) {
  KOAN_ASSIGN(const std::size_t left, missing(setup));
  RemoteUse out = arguments.remote;
  if (left == 0 || !models.any_remote()) return out;
  const std::size_t samples = setup.config.arms.size() * setup.config.trials;
  KOAN_ASSIGN(const runs::Estimates estimates, runs::estimate(setup.config, (left + samples - 1) / samples));
  const PaidModel paid[] = {
      {arguments.small, estimates.small}, {arguments.large, estimates.large}, {arguments.judge, estimates.judge}};
  double most_tokens = 0;
  for (const PaidModel& one : paid) {
    if (!models.is_remote(one.word)) continue;
    most_tokens += one.estimate.input_tokens + one.estimate.most_output_tokens;
    if (!arguments.quiet) say(estimate_line(one, models.facts_of(one.word).prices));
  }
  if (arguments.has_budget) return out;
  if (!arguments.yes)
    return Error{ErrorCode::kUsage, "remote models cost money: go on with --yes, or give --budget or --budget-tokens"};
  // Input is a guess; what is paid for is counted by the server.
  out.token_budget = std::max(out.token_budget, static_cast<std::uint64_t>(2 * most_tokens));
  return out;
}

Error failure(const runs::RunOutcome& outcome) {
  return Error{outcome.first_code, format("%zu samples failed; the same command tries them again, --errors-are-wrong "
                                          "counts them as wrong; the first: ",
                                          outcome.failed) +
                                       outcome.first_error};
}

Status finish(const EvalRunArguments& arguments, const runs::RunSetup& setup, const runs::RunOutcome& outcome) {
  KOAN_ASSIGN(const runs::Gathered gathered, runs::gather(setup.config, setup.folder));
  const bool all = gathered.samples.size() == gathered.wanted;
  if (!all || (gathered.failed != 0 && !arguments.errors_are_wrong)) {
    if (outcome.failed != 0) return failure(outcome);
    if (!arguments.quiet)
      say(format("%s: %zu of %zu samples, %zu of them failed; the other shards are to come", setup.folder.c_str(),
                 gathered.samples.size(), gathered.wanted, gathered.failed));
    return {};
  }
  const runs::RunSummary summary = runs::summarise(setup.config, gathered.samples);
  KOAN_TRY(runs::write_results(setup.config, summary, gathered.samples, setup.folder));
  KOAN_ASSIGN(const JsonDocument json, runs::config_json(setup.config));
  if (arguments.json) {
    std::fputs(runs::results_json(setup.config, json, summary).c_str(), stdout);
  } else {
    std::fputs(table_of(setup.config, summary).c_str(), stdout);
  }
  if (arguments.report) {
    report::Input input;
    KOAN_TRY(report::add_input(input, setup.folder));
    report::Settings settings;
    settings.koan_version = koan_version();
    KOAN_TRY(write_report_page({input, settings, setup.folder + "/report.html", true, arguments.quiet}));
  }
  if (!arguments.quiet) say("written: " + setup.folder + "/results.json, samples_" + setup.config.task.name + ".jsonl");
  return {};
}

unsigned workers_of(const EvalRunArguments& arguments, const EvalModels& models) {
  if (arguments.threads != 0) return arguments.threads;
  // Who waits for servers needs no core.
  constexpr unsigned kWaiting = 4;
  const bool waits = models.is_remote(arguments.small) && models.is_remote(arguments.large);
  return std::max(available_cores(), waits ? kWaiting : 1u);
}

Status evaluate(const EvalRunArguments& arguments) {
  KOAN_ASSIGN(const EvalModels models, EvalModels::create({arguments.small, arguments.large, arguments.judge}));
  runs::RunSetup setup;
  KOAN_ASSIGN(setup.config, config_of(arguments, models));
  KOAN_ASSIGN(const JsonDocument json, runs::config_json(setup.config));
  const std::string text = runs::config_text(json);
  setup.folder = arguments.out.empty() ? "runs/" + setup.config.task.name + "-" + runs::run_name(text).substr(0, 12)
                                       : arguments.out;
  setup.config.rules.asks = setup.folder + "/asks";
  KOAN_TRY(runs::begin_folder(setup.folder, text));
  setup.shard = arguments.shard;
  setup.workers = workers_of(arguments, models);
  setup.facts = {models.facts_of(arguments.small), models.facts_of(arguments.large)};
  setup.run_program = program_runner(arguments.unsandboxed);
  KOAN_ASSIGN(const RemoteUse remote, agree(arguments, models, setup));
  KOAN_ASSIGN(setup.crew, models.crews(remote));
  RunProgress progress(arguments.quiet || arguments.json, setup.config.task.name);
  setup.progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
  auto outcome = runs::run(setup);
  progress.clear();
  if (!outcome) return std::move(outcome).error();
  return finish(arguments, setup, *outcome);
}

}  // namespace

int run_eval_run(const std::vector<std::string>& words) {
  int code = kExitOk;
  const auto arguments = parse_eval_run(words, &code);
  if (!arguments) return code;
  return end_with(evaluate(*arguments));
}

}  // namespace koan::cli
