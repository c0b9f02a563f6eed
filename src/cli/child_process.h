// Other programs: as filters, with what they cost, for bench; and as themselves.
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

// Runs a program (a path) with this one's input and outputs, or with stdout on stderr; gives its exit code, 128 + n if
// signal n ended it. A signal that stops us is passed on to it.
Result<int> run_program(const std::vector<std::string>& command, bool stdout_on_stderr);

Result<bool> same_contents(int a, int b);

}  // namespace koan::cli
