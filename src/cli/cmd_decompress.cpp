// koan decompress: FILE.koan -> FILE
#include <unistd.h>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/transfer.h"

namespace koan::cli {
namespace {

constexpr std::string_view kSuffix = ".koan";

struct Decoded {
  koan_stats stats;
  std::string output;
  double seconds;
};

Result<std::unique_ptr<Output>> open_output(const Input& input, const Arguments& arguments) {
  if (arguments.to_stdout || (input.path.empty() && arguments.output.empty()))
    return Output::to_stdout(false, arguments.force);
  std::string path = arguments.output;
  if (path.empty()) {
    const std::string_view source = input.path;
    const std::string_view stem = source.substr(0, source.size() - std::min(source.size(), kSuffix.size()));
    if (!source.ends_with(kSuffix) || stem.empty() || stem.back() == '/') {
      return Error{ErrorCode::kUsage,
                   input.path + ": the name does not end in .koan; say with -o FILE (or -c) where the result goes"};
    }
    path = stem;
  }
  if (same_file(input, path)) return Error{ErrorCode::kUsage, path + ": input and output are the same file"};
  return Output::to_file(path, arguments.force);
}

Result<Decoded> decompress_one(Session& session, const std::string& path, const Arguments& arguments) {
  const double start = seconds_now();
  KOAN_ASSIGN(Input input, open_input(path, true, arguments.force));
  KOAN_ASSIGN(const std::unique_ptr<Output> output, open_output(input, arguments));
  if (arguments.remove_source && !output->is_regular())
    return Error{ErrorCode::kUsage, output->name() + ": --rm needs a regular output file"};
  auto stats = decode(session, input, output.get(), arguments);
  if (!stats && output->is_stdout() && output->reader_gone()) die_of_closed_pipe();
  if (!stats) return std::move(stats).error();
  KOAN_TRY(output->commit(input));
  if (arguments.remove_source && !input.path.empty() && ::unlink(input.path.c_str()) != 0)
    return io_error(input.path, errno);
  return Decoded{*stats, output->name(), seconds_now() - start};
}

void summarize(const std::string& name, const Decoded& done, const Arguments& arguments) {
  const koan_stats& s = done.stats;
  std::string line =
      format("%s: %llu bytes (from %llu, %.1f%%, %s)", name.c_str(), static_cast<unsigned long long>(s.raw_bytes),
             static_cast<unsigned long long>(s.coded_bytes), percent(s.coded_bytes, s.raw_bytes), done.output.c_str());
  if (arguments.verbose > 0) {
    line += format(", %llu segments, %llu tokens, %.1f KB/s", static_cast<unsigned long long>(s.segments),
                   static_cast<unsigned long long>(s.tokens), static_cast<double>(s.raw_bytes) / done.seconds / 1000);
  }
  say(line);
}

}  // namespace

int run_decompress(const Arguments& arguments) {
  Outcomes outcomes;
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  Json files = Json::array();
  bool data_on_stdout = false;
  for (const std::string& path : arguments.files) {
    const std::string name = path == "-" ? "stdin" : path;
    auto done = decompress_one(*session, path, arguments);
    if (!done) {
      outcomes.failed(done.error());
      files.push_back({{"input", name}, {"error", json_of(done.error())}});
      if (done.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    const bool piped = done->output == "stdout";
    data_on_stdout = data_on_stdout || piped;
    if (!arguments.quiet && !arguments.json && (!piped || arguments.verbose > 0)) summarize(name, *done, arguments);
    Json entry = {{"input", name}, {"output", done->output}};
    entry.update(json_of(done->stats));
    entry["seconds"] = done->seconds;
    files.push_back(std::move(entry));
  }
  if (arguments.json)
    print_json("decompress", std::move(files), outcomes.exit_code(), data_on_stdout || arguments.to_stdout);
  return outcomes.exit_code();
}

}  // namespace koan::cli
