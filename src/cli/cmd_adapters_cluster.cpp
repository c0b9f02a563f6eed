// koan adapters cluster: groups a corpus and trains an adapter on each group, with koan adapt as a child process. What
// is there from an earlier run stays, so the same command goes on with what was stopped.
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cli/child_process.h"
#include "cli/cluster_groups.h"
#include "cli/cmd_adapters.h"
#include "cli/exit_code.h"
#include "cli/signals.h"
#include "cli/train_program.h"

namespace koan::cli {
namespace {

std::vector<std::string> adapt_command(const Arguments& arguments, const Group& group) {
  std::vector<std::string> out = {own_program(), "adapt", group_file(arguments, group.name), "-o",
                                  group_adapter(arguments, group.name)};
  if (!arguments.field.empty()) out.insert(out.end(), {"--field", arguments.field});
  if (!arguments.context_field.empty()) out.insert(out.end(), {"--context-field", arguments.context_field});
  if (std::filesystem::exists(group_checkpoint(arguments, group.name))) out.emplace_back("--resume");
  if (arguments.quiet) out.emplace_back("--quiet");
  std::istringstream words(arguments.clusters.adapt_options);
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

// "trained", "kept".
Result<std::string> train(const Arguments& arguments, const Group& group) {
  if (std::filesystem::exists(group_adapter(arguments, group.name))) return std::string("kept");
  if (!arguments.quiet && !arguments.json) {
    std::printf("\n%s\n", group.name.c_str());
    std::fflush(stdout);
  }
  KOAN_ASSIGN(const int code, run_program(adapt_command(arguments, group), arguments.json));
  if (interrupted() || code == kExitInterrupted)
    return Error{ErrorCode::kCancelled, "interrupted; the same command goes on where it was"};
  if (code != 0) {
    return Error{code == kExitUsage   ? ErrorCode::kUsage
                 : code == kExitLimit ? ErrorCode::kLimit
                                      : ErrorCode::kIo,
                 group.name + ": koan adapt ended with " + std::to_string(code)};
  }
  return std::string("trained");
}

void print_groups(const Grouping& grouping, const Arguments& arguments) {
  Table table({"group", "documents", "bytes", "share", "similarity", "typical beginning"}, {0, 5});
  for (const Group& group : grouping.groups) {
    table.add({group.name, std::to_string(group.documents), std::to_string(group.text_bytes),
               format("%.1f%%", percent(group.text_bytes, grouping.text_bytes)), format("%.3f", group.mean_similarity),
               group.samples.empty() ? "" : printable(group.samples[0].substr(0, group.samples[0].find(' ', 40)))});
  }
  std::fputs(table.text().c_str(), stdout);
  std::printf("%llu documents, mean similarity %.3f, in %s\n", static_cast<unsigned long long>(grouping.documents),
              grouping.mean_similarity, printable(arguments.output).c_str());
  std::fflush(stdout);
}

void report_omissions(const Grouping& grouping) {
  if (grouping.without_text != 0)
    complain(std::to_string(grouping.without_text) + " records have no such text and were passed over");
  for (const std::string& path : grouping.passed_over) complain(path + ": no text in UTF-8, passed over");
}

Json json_of(const Group& group, const Arguments& arguments) {
  return {{"name", group.name},
          {"file", group_file(arguments, group.name)},
          {"documents", group.documents},
          {"text_bytes", group.text_bytes},
          {"mean_similarity", group.mean_similarity},
          {"samples", group.samples}};
}

}  // namespace

int run_adapters_cluster(const Arguments& arguments) {
  if (arguments.clusters.train && find_train_program().empty()) {
    std::fprintf(stderr, "koan: %s\nTo group the corpus only: --no-train.\n", kTrainProgramMissing);
    return kExitUsage;
  }
  Outcomes outcomes;
  const auto grouping = make_groups(arguments);
  if (!grouping) {
    outcomes.failed(grouping.error());
    return outcomes.exit_code();
  }
  if (!arguments.quiet) report_omissions(*grouping);
  if (!arguments.quiet && !arguments.json) print_groups(*grouping, arguments);
  Json files = Json::array();
  for (const Group& group : grouping->groups) {
    Json entry = json_of(group, arguments);
    if (arguments.clusters.train) {
      const auto done = train(arguments, group);
      if (!done) {
        outcomes.failed(done.error());
        entry["error"] = cli::json_of(done.error());
      } else {
        entry["adapter"] = {{"file", group_adapter(arguments, group.name)}, {"state", *done}};
        if (*done == "kept" && !arguments.quiet && !arguments.json)
          std::printf("%s: its adapter is there and was kept\n", group.name.c_str());
      }
      if (!done && done.error().code == ErrorCode::kCancelled) {
        files.push_back(std::move(entry));
        break;
      }
    }
    files.push_back(std::move(entry));
  }
  if (arguments.json) {
    print_json("adapters cluster", std::move(files), outcomes.exit_code(), false,
               {{"mean_similarity", grouping->mean_similarity}});
  }
  return outcomes.exit_code();
}

}  // namespace koan::cli
