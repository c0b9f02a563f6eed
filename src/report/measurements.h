// Sizes and times of lossless compression, as bench/ and koan write them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace koan::report {

// One program on one file.
struct Measurement {
  std::string file, tool, options, group;  // group: what it is drawn as
  double bytes_in = 0, bytes_out = 0;
  double encode_seconds = 0, decode_seconds = 0;            // wall clock
  double encode_cpu_seconds = -1, decode_cpu_seconds = -1;  // user and system; negative: not measured
  double encode_peak = 0, decode_peak = 0;                  // bytes; 0: not measured
  double model_bytes = 0;                                   // at both ends, adapter included

  double bits_per_byte() const { return bytes_in > 0 ? 8 * bytes_out / bytes_in : 0; }
  bool has_cpu() const { return encode_cpu_seconds >= 0 && decode_cpu_seconds >= 0; }
};

// A line of `koan eval lossless`.
struct Domain {
  std::string domain, condition, adapter;
  double bits_per_byte = 0, low = 0, high = 0;
};

struct Measurements {
  std::string path, sha256;
  std::vector<Measurement> rows;
  std::vector<Domain> domains;
};

// A CSV of bench/peers, bench/frontier or koan eval lossless, or the JSON of koan bench. Rows that others published are
// left out. Errors: kIo, kCorrupt.
Result<Measurements> read_measurements(const std::string& path);

// Which of them nothing else beats in both size and time: in the order of time.
struct Place {
  double seconds = 0, size = 0;
};
std::vector<std::size_t> frontier(const std::vector<Place>& places);

}  // namespace koan::report
