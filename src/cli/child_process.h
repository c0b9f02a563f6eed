// Other programs as filters, with what they cost: for bench.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace koan::cli {

struct ChildRun {
  FileHandle output;  // an unnamed file in memory
  std::uint64_t output_bytes = 0;
  double seconds = 0;            // wall clock, starting the program included
  std::uint64_t peak_bytes = 0;  // largest resident set
};

// Runs a program (looked up in PATH) from a file, read from its start, to memory. kNotSupported: not installed. kIo: it
// failed. A child's resident set counts from that of its parent at the start: call this while we are small.
Result<ChildRun> run_filter(const std::vector<std::string>& command, int input_fd);

Result<bool> same_contents(int a, int b);

}  // namespace koan::cli
