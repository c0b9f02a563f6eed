// Speed and memory of koan itself, and the int8 peak of this machine to compare with.
#include <algorithm>
#include <atomic>
#include <thread>

#include "cli/bench.h"
#include "cli/child_process.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "kernels/dispatch.h"

namespace koan::cli {

double Timing::median() const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  return n % 2 != 0 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}
double Timing::lowest() const { return *std::min_element(seconds.begin(), seconds.end()); }
double Timing::highest() const { return *std::max_element(seconds.begin(), seconds.end()); }

namespace {

constexpr double kPeakSeconds = 0.2;

// Multiply-adds a second of all threads together over kPeakSeconds.
double int8_peak(const Kernels& kernels, unsigned threads) {
  std::atomic<std::uint64_t> done{0};
  const double start = seconds_now();
  const auto work = [&] {
    std::int32_t sink = 0;
    std::uint64_t mine = 0;
    while (seconds_now() - start < kPeakSeconds) mine += kernels.int8_peak(20000, &sink);
    done += mine;
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return static_cast<double>(done) / (seconds_now() - start);
}

std::vector<std::string> own_command(const char* verb, const Arguments& arguments) {
  std::vector<std::string> out = {"/proc/self/exe", verb, "-c", "-q", "-T", std::to_string(arguments.threads)};
  if (arguments.streams != 0) out.insert(out.end(), {"--streams", std::to_string(arguments.streams)});
  if (!arguments.model.empty()) out.insert(out.end(), {"--model", arguments.model});
  if (!arguments.context.empty()) out.insert(out.end(), {"--context", arguments.context});
  for (const std::string& word : arguments.adapters) out.insert(out.end(), {"--adapter", word});
  return out;
}

}  // namespace

Result<KoanMemory> measure_memory(int fd, const Arguments& arguments) {
  std::vector<std::string> command = own_command("compress", arguments);
  command.push_back(format("-%d", arguments.level));
  if (!arguments.route.empty()) command.insert(command.end(), {"--route", arguments.route});
  if (arguments.segment_bytes != 0)
    command.insert(command.end(), {"--segment-size", std::to_string(arguments.segment_bytes)});
  if (arguments.segments != 0) command.insert(command.end(), {"--segments", std::to_string(arguments.segments)});
  KOAN_ASSIGN(const ChildRun packed, run_filter(command, fd));
  KOAN_ASSIGN(const ChildRun unpacked, run_filter(own_command("decompress", arguments), packed.output.fd()));
  KOAN_ASSIGN(const bool same, same_contents(unpacked.output.fd(), fd));
  if (!same) return Error{ErrorCode::kVerification, "koan decoded other data"};
  return KoanMemory{packed.output_bytes, packed.peak_bytes, unpacked.peak_bytes};
}

Result<Measured> time_koan(Session& session, ByteView data, const Arguments& arguments, koan_stats& stats,
                           const std::function<void()>& before_run) {
  Measured out;
  out.name = format("koan -%d", arguments.level);
  koan_options options = session.options();
  options.level = arguments.level;
  ProgressLine quiet(false, "", ProgressLine::Direction::kCompress);  // there to notice Ctrl-C
  options.progress = ProgressLine::callback;
  options.progress_user = &quiet;
  koan::Codec::Bytes first;
  for (unsigned run = 0; run < arguments.runs; ++run) {
    before_run();
    const double start = seconds_now();
    auto packed = session.codec().compress(data, options, &stats);
    const double middle = seconds_now();
    if (!packed) return error_of(packed.failure);
    auto unpacked = session.codec().decompress(packed.value, data.size(), options);
    const double end = seconds_now();
    if (!unpacked) return error_of(unpacked.failure);
    if (!std::ranges::equal(unpacked.value, data)) return Error{ErrorCode::kVerification, "koan decoded other data"};
    if (run != 0 && packed.value != first)
      return Error{ErrorCode::kVerification, "koan coded the same data differently"};
    first = std::move(packed.value);
    out.encode.seconds.push_back(middle - start);
    out.decode.seconds.push_back(end - middle);
  }
  out.coded_bytes = first.size();
  return out;
}

Result<MeasuredKoan> measure_koan(Session& session, ByteView data, const Arguments& arguments) {
  KOAN_ASSIGN(const Kernels* const kernels, choose_kernels());
  MeasuredKoan out;
  out.isa = kernels->name;
  // Between the runs, so that peak and speed see the same machine; the highest is the peak.
  KOAN_ASSIGN(out.common, time_koan(session, data, arguments, out.stats, [&] {
                out.int8_peak = std::max(out.int8_peak, int8_peak(*kernels, arguments.threads));
              }));
  return out;
}

}  // namespace koan::cli
