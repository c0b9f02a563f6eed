// What bench measures. Speeds count raw bytes; every figure is from data that was decoded again and compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
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

struct MeasuredKoan {
  Measured common;
  koan_stats stats{};
  std::string isa;
  double int8_peak = 0;  // multiply-adds a second on as many threads, measured between the runs
};

// Speed, in this process.
Result<MeasuredKoan> measure_koan(Session& session, ByteView data, const Arguments& arguments);

// Memory of koan, in processes of its own. Before anything large is loaded here (see run_filter).
struct KoanMemory {
  std::uint64_t coded_bytes = 0, encode_peak_bytes = 0, decode_peak_bytes = 0;
};
Result<KoanMemory> measure_memory(int fd, const Arguments& arguments);

// xz, zstd, brotli, bzip2 as programs, one thread each.
Result<std::vector<Measured>> measure_peers(int fd, std::uint64_t size, const Arguments& arguments);

}  // namespace koan::cli
