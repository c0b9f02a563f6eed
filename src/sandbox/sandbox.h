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
  std::uint64_t memory = std::uint64_t{512} << 20;  // bytes, of all its processes together and of each
  std::uint32_t processes = 16;                     // threads count
  std::uint64_t disk = std::uint64_t{16} << 20;
  std::uint64_t output = std::uint64_t{1} << 20;  // more is cut off
};

// kMemory: all together had too much. One process that asks for too much at once is refused by the kernel, as is a
// process, file or descriptor too many: what the program then does is up to it. kProcesses: too many; unsandboxed only.
enum class End { kExited, kSignal, kTimeout, kMemory, kProcesses };

struct Outcome {
  End end = End::kExited;
  int code = 0;             // exit status or signal; 127: the command was not found
  std::string output;       // stdout and stderr together, whatever bytes they are
  bool output_cut = false;  // there was more
  double seconds = 0;
};

struct Options {
  Limits limits;
  bool unsandboxed = false;  // --unsandboxed: the user said so; limits hold, isolation does not
  std::function<bool()> cancelled = {};
};

// Whether programs can be isolated here, found out by trying; if not, what is missing and how to get it
// (kNotSupported).
Status available();
struct File {
  std::string name, content;  // a plain name, without folders
};
// `files` are put into the scratch folder, which is the working directory, before `command` runs there; it is looked up
// in the PATH of the sandbox. When this returns, every process of the program is dead and the folder is gone; without
// isolation, what hid from us may live on. Any thread may call it.
// Errors: kNotSupported (as available(), and not `unsandboxed`), kUsage, kIo, kCancelled.
Result<Outcome> run(const std::vector<std::string>& command, const std::vector<File>& files, const Options& options);

}  // namespace koan::sandbox
