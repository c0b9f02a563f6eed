// koan bench --levels: one row for each level.
#include "cli/bench_rows.h"
#include "cli/exit_code.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

constexpr int kLevels = 9;

Arguments at_level(Arguments arguments, int level) {
  arguments.level = level;
  return arguments;
}

// Memory first, in processes of their own: they are measured while this one is small.
Result<MeasuredInput> measure_children(const std::string& path, const Arguments& arguments) {
  KOAN_ASSIGN(const BenchInput file, open_bench_input(path));
  MeasuredInput out{path, file.bytes, {}};
  for (int level = 1; level <= kLevels; ++level) {
    auto memory = measure_memory(file.handle.fd(), at_level(arguments, level));
    if (!memory) return std::move(memory).error().in(path);
    Measured& row = out.rows.emplace_back();
    row.coded_bytes = memory->coded_bytes;
    row.encode_peak_bytes = memory->encode_peak_bytes;
    row.decode_peak_bytes = memory->decode_peak_bytes;
  }
  return out;
}

Status measure_here(MeasuredInput& input, Session& session, const Arguments& arguments) {
  KOAN_ASSIGN(const Bytes data, read_file(input.file, kMaxBenchInput));
  for (int level = 1; level <= kLevels; ++level) {
    Measured& row = input.rows[static_cast<std::size_t>(level - 1)];
    koan_stats stats{};
    auto timed = time_koan(session, data, at_level(arguments, level), stats, [] {});
    if (interrupted()) return Error{ErrorCode::kCancelled, input.file + ": interrupted"};
    if (!timed) return std::move(timed).error().in(input.file);
    if (timed->coded_bytes != row.coded_bytes) {
      return Error{ErrorCode::kVerification, input.file + ": koan in a process of its own gave other data"};
    }
    timed->encode_peak_bytes = row.encode_peak_bytes;
    timed->decode_peak_bytes = row.decode_peak_bytes;
    row = std::move(*timed);
  }
  return {};
}

}  // namespace

int run_levels(const Arguments& arguments) {
  Outcomes outcomes;
  Json files = Json::array();
  std::vector<MeasuredInput> inputs, done;
  const auto failed = [&](const std::string& path, const Error& error) {
    outcomes.failed(error);
    files.push_back({{"file", path}, {"error", json_of(error)}});
  };
  for (const std::string& path : arguments.files) {
    auto measured = measure_children(path, arguments);
    if (measured) inputs.push_back(std::move(*measured));
    if (!measured) failed(path, measured.error());
    if (interrupted()) return kExitInterrupted;
  }
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  for (MeasuredInput& input : inputs) {
    const Status status = measure_here(input, *session, arguments);
    if (interrupted()) return kExitInterrupted;
    if (!status) {
      failed(input.file, status.error());
      continue;
    }
    if (!arguments.json) print_rows(input, arguments, true);
    std::fflush(stdout);
    done.push_back(std::move(input));
  }
  return finish_rows(done, std::move(files), outcomes, arguments);
}

}  // namespace koan::cli
