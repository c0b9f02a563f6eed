// koan test: decodes, compares all checksums, writes nothing.
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/transfer.h"

namespace koan::cli {
namespace {

Result<koan_stats> test_one(Session& session, const std::string& path, const Arguments& arguments) {
  KOAN_ASSIGN(Input input, open_input(path, true, arguments.force));
  return decode(session, input, nullptr, arguments);
}

}  // namespace

int run_test(const Arguments& arguments) {
  Outcomes outcomes;
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  Json files = Json::array();
  for (const std::string& path : arguments.files) {
    const std::string name = path == "-" ? "stdin" : path;
    const auto stats = test_one(*session, path, arguments);
    if (!stats) {
      outcomes.failed(stats.error());
      files.push_back({{"input", name}, {"ok", false}, {"error", json_of(stats.error())}});
      if (stats.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    if (!arguments.quiet && !arguments.json)
      say(format("%s: ok, %llu bytes", name.c_str(), static_cast<unsigned long long>(stats->raw_bytes)));
    Json entry = {{"input", name}, {"ok", true}};
    entry.update(json_of(*stats));
    files.push_back(std::move(entry));
  }
  if (arguments.json) print_json("test", std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

}  // namespace koan::cli
