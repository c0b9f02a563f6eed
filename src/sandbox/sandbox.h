// Runs a program that nobody trusts: bubblewrap without network, home or writable disk but one small scratch folder,
// and limits on time, memory, processes and output (docs/evaluation.md, "Sandbox").
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace koan::sandbox {

struct Limits {
  std::chrono::milliseconds wall{10'000};
  std::uint64_t memory = std::uint64_t{512} << 20;  // bytes, of all its processes together where cgroups allow it
  std::uint32_t processes = 16;
  std::uint64_t disk = std::uint64_t{16} << 20;
  std::uint64_t output = std::uint64_t{1} << 20;  // more is cut off
};

enum class End { kExited, kSignal, kTimeout, kMemory };

struct Outcome {
  End end = End::kExited;
  int code = 0;  // exit status or signal
  std::string output;  // stdout and stderr together
  double seconds = 0;
};

struct Options {
  Limits limits;
  bool unsandboxed = false;  // --unsandboxed: the user said so; limits hold, isolation does not
  std::function<bool()> cancelled = {};
};

// Whether programs can be isolated here; if not, what is missing and how to get it.
Status available();
// `files` are put into the scratch folder, which is the working directory, before `command` runs there.
// Errors: kNotSupported (no bubblewrap and not `unsandboxed`), kIo, kCancelled.
struct File {
  std::string name, content;
};
Result<Outcome> run(const std::vector<std::string>& command, const std::vector<File>& files, const Options& options);

}  // namespace koan::sandbox
