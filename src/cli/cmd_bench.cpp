// koan bench: ratio, speed and memory, beside other compressors, in one run.
#include <cstdio>

#include "base/file.h"
#include "base/hash.h"
#include "cli/bench.h"
#include "cli/bench_rows.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

struct Report {
  std::string file;
  std::uint64_t raw_bytes = 0;
  KoanMemory memory;
  MeasuredKoan koan;
  std::vector<Measured> peers;
  koan_model_info model{};
};

double rate(double amount, const Timing& timing) { return amount / timing.median(); }

void print_text(const Report& r, const Arguments& arguments) {
  const koan_stats& s = r.koan.stats;
  std::printf("%s: %llu bytes, %u thread%s, %s, median of %u runs (lowest-highest)\n", printable(r.file).c_str(),
              static_cast<unsigned long long>(r.raw_bytes), arguments.threads, arguments.threads == 1 ? "" : "s",
              r.koan.isa.c_str(), arguments.runs);
  Table table(bench_header(true));
  table.add(bench_row(r.koan.common, r.raw_bytes, true));
  for (const Measured& peer : r.peers) table.add(bench_row(peer, r.raw_bytes, true));
  std::fputs(table.text().c_str(), stdout);
  std::printf("model          %s, %llu bytes (in the program, not counted above), sha256 %s\n",
              printable(r.model.name).c_str(), static_cast<unsigned long long>(r.model.file_bytes),
              to_hex(r.model.sha256).substr(0, 16).c_str());
  const double tokens = static_cast<double>(s.tokens), work = tokens * static_cast<double>(r.model.multiply_adds);
  std::printf("model-coded    %llu of %llu segments, %llu tokens, %.2f bytes per token\n",
              static_cast<unsigned long long>(s.model_segments), static_cast<unsigned long long>(s.segments),
              static_cast<unsigned long long>(s.tokens),
              s.tokens ? static_cast<double>(s.model_raw_bytes) / tokens : 0.0);
  const double ideal = s.model_ideal_bits / 8;
  std::printf("code length    ideal %.1f bytes, coded %llu (%+.4f%%)\n", ideal,
              static_cast<unsigned long long>(s.model_coded_bytes),
              ideal > 0 ? 100 * (static_cast<double>(s.model_coded_bytes) / ideal - 1) : 0.0);
  const Timing &encode = r.koan.common.encode, &decode = r.koan.common.decode;
  std::printf("tokens/s       encode %.0f, decode %.0f\n", rate(tokens, encode), rate(tokens, decode));
  std::printf("int8 peak      %.1f G multiply-adds/s here; encode uses %.1f%%, decode %.1f%% of it\n",
              r.koan.int8_peak / 1e9, 100 * rate(work, encode) / r.koan.int8_peak,
              100 * rate(work, decode) / r.koan.int8_peak);
  if (!r.peers.empty()) std::printf("The others run as programs on one thread; their times include starting them.\n");
}

Json json_of(const Report& r, const Arguments& arguments) {
  const double work = static_cast<double>(r.koan.stats.tokens) * static_cast<double>(r.model.multiply_adds);
  const Timing &encode = r.koan.common.encode, &decode = r.koan.common.decode;
  Json koan = cli::json_of(r.koan.common, r.raw_bytes);
  koan["stats"] = cli::json_of(r.koan.stats);
  koan["encode_tokens_per_second"] = rate(static_cast<double>(r.koan.stats.tokens), encode);
  koan["decode_tokens_per_second"] = rate(static_cast<double>(r.koan.stats.tokens), decode);
  koan["int8_peak_multiply_adds_per_second"] = r.koan.int8_peak;
  koan["encode_share_of_int8_peak"] = rate(work, encode) / r.koan.int8_peak;
  koan["decode_share_of_int8_peak"] = rate(work, decode) / r.koan.int8_peak;
  Json peers = Json::array();
  for (const Measured& peer : r.peers) peers.push_back(cli::json_of(peer, r.raw_bytes));
  return {{"file", r.file},
          {"raw_bytes", r.raw_bytes},
          {"threads", arguments.threads},
          {"isa", r.koan.isa},
          {"model",
           {{"name", r.model.name},
            {"sha256", to_hex(r.model.sha256)},
            {"file_bytes", r.model.file_bytes},
            {"multiply_adds_per_token", r.model.multiply_adds}}},
          {"koan", std::move(koan)},
          {"peers", std::move(peers)}};
}

// Other processes first: they are measured while this one is small.
Result<Report> measure_children(const std::string& path, const Arguments& arguments) {
  Report report;
  report.file = path;
  KOAN_ASSIGN(const BenchInput input, open_bench_input(path));
  report.raw_bytes = input.bytes;
  auto memory = measure_memory(input.handle.fd(), arguments);
  if (!memory) return std::move(memory).error().in(path);
  report.memory = *memory;
  if (arguments.peers) {
    KOAN_ASSIGN(report.peers, measure_peers(input.handle.fd(), report.raw_bytes, arguments));
  }
  return report;
}

Status measure_here(Report& report, Session& session, const Arguments& arguments) {
  KOAN_ASSIGN(const Bytes data, read_file(report.file, kMaxBenchInput));
  KOAN_ASSIGN(report.model, session.model_in_use());
  auto measured = measure_koan(session, data, arguments);
  if (interrupted()) return Error{ErrorCode::kCancelled, report.file + ": interrupted"};
  if (!measured) return std::move(measured).error().in(report.file);
  report.koan = std::move(*measured);
  if (report.koan.common.coded_bytes != report.memory.coded_bytes) {
    return Error{ErrorCode::kVerification, report.file + ": koan in a process of its own gave other data"};
  }
  report.koan.common.encode_peak_bytes = report.memory.encode_peak_bytes;
  report.koan.common.decode_peak_bytes = report.memory.decode_peak_bytes;
  return {};
}

}  // namespace

int run_bench(const Arguments& arguments) {
  if (arguments.rows == BenchRows::kLevels) return run_levels(arguments);
  if (arguments.rows == BenchRows::kAblation) return run_ablation(arguments);
  Outcomes outcomes;
  Json files = Json::array();
  std::vector<Report> reports;
  const auto failed = [&](const std::string& path, const Error& error) {
    outcomes.failed(error);
    files.push_back({{"file", path}, {"error", cli::json_of(error)}});
  };
  for (const std::string& path : arguments.files) {
    auto report = measure_children(path, arguments);
    if (report) reports.push_back(std::move(*report));
    if (!report) failed(path, report.error());
    if (interrupted()) return kExitInterrupted;
  }
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  for (Report& report : reports) {
    const Status done = measure_here(report, *session, arguments);
    if (done) files.push_back(json_of(report, arguments));
    if (done && !arguments.json) print_text(report, arguments);
    if (!done) failed(report.file, done.error());
    if (interrupted()) return kExitInterrupted;
    std::fflush(stdout);
  }
  if (arguments.json) print_json("bench", std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

}  // namespace koan::cli
