// What bench measures. Speeds count raw bytes; every figure is from data that was decoded again and compared.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/session.h"

namespace koan::cli {

// Seconds of repeated runs.
struct Timing {
  std::vector<double> seconds;
  double median() const;
  double lowest() const;
  double highest() const;
};

struct Measured {
  std::string name;
  std::string missing;  // why there are no figures; empty if there are
  std::uint64_t coded_bytes = 0;
  Timing encode, decode;
  std::uint64_t encode_peak_bytes = 0, decode_peak_bytes = 0;  // of a process of its own
};

// Rows that belong to one input, or to several together.
struct MeasuredInput {
  std::string file;
  std::uint64_t raw_bytes = 0;
  std::vector<Measured> rows;
};

struct MeasuredKoan {
  Measured common;
  koan_stats stats{};
  std::string isa;
  double int8_peak = 0;  // multiply-adds a second on as many threads, measured between the runs
};

// Speed at arguments.level, in this process; before_run is called before each run.
Result<Measured> time_koan(Session& session, ByteView data, const Arguments& arguments, koan_stats& stats,
                           const std::function<void()>& before_run);
Result<MeasuredKoan> measure_koan(Session& session, ByteView data, const Arguments& arguments);

// Memory of koan, in processes of its own. Before anything large is loaded here (see run_filter).
struct KoanMemory {
  std::uint64_t coded_bytes = 0, encode_peak_bytes = 0, decode_peak_bytes = 0;
};
Result<KoanMemory> measure_memory(int fd, const Arguments& arguments);

// xz, zstd, brotli, bzip2 as programs, one thread each.
Result<std::vector<Measured>> measure_peers(int fd, std::uint64_t size, const Arguments& arguments);

inline constexpr std::uint64_t kMaxBenchInput = std::uint64_t{1} << 30;

// A regular file with something in it.
struct BenchInput {
  FileHandle handle;
  std::uint64_t bytes = 0;
};
Result<BenchInput> open_bench_input(const std::string& path);

// --levels and --ablation: exit codes.
int run_levels(const Arguments& arguments);
int run_ablation(const Arguments& arguments);

}  // namespace koan::cli
