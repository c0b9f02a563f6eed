#include "cli/eval_run_arguments.h"

#include <CLI/CLI.hpp>
#include <array>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/model_places.h"
#include "cli/report.h"
#include "runs/arm.h"
#include "tasks/task.h"

namespace koan::cli {
namespace {

const char* const kDefaultArms[] = {"retry", "random_bits", "blc", "qa"};

std::string what() {
  std::string out = "A benchmark by a small and a large model and by ways between them (docs/evaluation.md).\n\nArms:";
  for (const runs::Arm& arm : runs::all_arms())
    out += format("\n  %-17s %s", std::string(arm.name).c_str(), std::string(arm.summary).c_str());
  return out;
}

void add_options(CLI::App& app, EvalRunArguments& out, std::string& shard) {
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("TASK", out.task, "As koan eval tasks lists them")->type_name("")->required();
  app.add_option("--small", out.small, "The model that solves; default: that of the task")->type_name("MODEL");
  app.add_option("--large", out.large, "The model that knows more; likewise")->type_name("MODEL");
  app.add_option("--judge", out.judge, "Grades answers in free form")->type_name("MODEL");
  app.add_option("--arms", out.arms,
                 "With commas between them, or all; default: those of the task, or retry,random_bits,blc,qa. small and "
                 "large are always there")
      ->type_name("NAMES")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--limit", out.limit, "So many problems, drawn by the seed; default: all")->type_name("N");
  app.add_option("--seed", out.seed, "Default 0")->type_name("N");
  app.add_option("--trials", out.trials, "Times that everything is done, with other seeds; default 1")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--samples", out.samples, "Of self_consistency; default 5")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  app.add_option("-n,--max-tokens", out.max_tokens, "At most so many tokens a reply; default: what the protocols say")
      ->type_name("N");
  app.add_option("--shard", shard, "Only problems I, I+N, ...; env: as Slurm or MPI say")->type_name("I/N");
  app.add_option("--data", out.data, "File of the problems, or folder that has it")->type_name("PATH");
  app.add_option("--out", out.out, "Folder of the run; default runs/TASK-HASH")->type_name("DIR");
  app.add_flag("--report", out.report, "Write report.html into the folder of the run, as koan report does");
  app.add_flag("--unsandboxed", out.unsandboxed, "Run programs that models write without isolation");
  app.add_flag("--errors-are-wrong", out.errors_are_wrong,
               "Count samples that failed as wrong, rather than wait for them");
  app.add_flag("--yes", out.yes, "Pay what the estimate says, without another budget");
  add_remote_options(app, out.remote);
  app.add_option("-T,--threads", out.threads, "Problems at a time; never changes a result; default: one a core")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  app.add_flag("--json", out.json, "results.json on stdout rather than a table");
  app.add_flag("-q,--quiet", out.quiet, "Say less");
}

// What a job array or an MPI launcher says of this process: its number, how many there are, and the first number.
Result<runs::Shard> shard_of_environment() {
  constexpr std::array<std::array<const char*, 3>, 5> kKinds = {
      {{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"},
       {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", ""},
       {"PMI_RANK", "PMI_SIZE", ""},
       {"PMIX_RANK", "PMIX_SIZE", ""},
       {"SLURM_PROCID", "SLURM_NTASKS", ""}}};
  std::string names;
  for (const auto& [id, count, first] : kKinds) {
    names += (names.empty() ? "" : ", ") + std::string(id) + " and " + count;
    std::string number = environment(id);
    const std::string of = environment(count), least = first[0] == '\0' ? "" : environment(first);
    if (number.empty() || of.empty()) continue;
    if (!least.empty()) number = std::to_string(std::atoll(number.c_str()) - std::atoll(least.c_str()));
    auto shard = runs::parse_shard(number + "/" + of);
    if (!shard) return std::move(shard).error().in(std::string(id) + ", " + count);
    return shard;
  }
  return Error{ErrorCode::kUsage, "--shard env: none of these is set: " + names};
}

// Models and arms that were not named.
Status take_defaults(EvalRunArguments& out) {
  KOAN_ASSIGN(const tasks::Task task, tasks::find_task(out.task));
  if (out.small.empty()) out.small = task.small;
  if (out.large.empty()) out.large = task.large;
  for (const auto& [word, option] : {std::pair(&out.small, "--small"), std::pair(&out.large, "--large")})
    if (word->empty())
      return Error{ErrorCode::kUsage, "task " + task.name + " has no models of its own: give " + option};
  if (out.arms.empty()) out.arms = task.arms;
  if (out.arms.empty()) out.arms.assign(std::begin(kDefaultArms), std::end(kDefaultArms));
  return {};
}

Status complete(EvalRunArguments& out, const std::string& shard) {
  if (out.remote.no_cache)
    return Error{
        ErrorCode::kUsage,
        "--no-cache: arms share replies, and a run that goes on must not pay for them again; it needs the cache"};
  if (shard.empty()) return {};
  KOAN_ASSIGN(out.shard, shard == "env" ? shard_of_environment() : runs::parse_shard(shard));
  return {};
}

}  // namespace

std::optional<EvalRunArguments> parse_eval_run(const std::vector<std::string>& words, int* code) {
  *code = kExitOk;
  EvalRunArguments out;
  std::string shard;
  CLI::App app(what(), "koan eval run");
  add_options(app, out, shard);
  if (!parse_words(app, words, "koan eval run", code)) return std::nullopt;
  const Status done = complete(out, shard);
  if (!done) {
    *code = end_with(done);
    return std::nullopt;
  }
  const Status named = take_defaults(out);
  if (!named) {
    *code = end_with(named);
    return std::nullopt;
  }
  for (const std::string& option : remote_options_in(app))
    out.has_budget = out.has_budget || option == "--budget" || option == "--budget-tokens";
  return out;
}

}  // namespace koan::cli
