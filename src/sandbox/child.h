// Watches a running program: its output, its time, its memory, its end.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "sandbox/processes.h"
#include "sandbox/sandbox.h"

namespace koan::sandbox {

class Child {
 public:
  // `status`: what bubblewrap reports; closed if the program runs without it.
  Child(pid_t pid, FileHandle output, FileHandle status, const Options& options);
  // To the end of all its processes. kNotSupported: bubblewrap could not start it; says what it said.
  Result<Outcome> wait();

 private:
  using Clock = std::chrono::steady_clock;
  void read_some(int timeout_ms);
  void read_output();
  void read_status();
  void learn_first();
  void check();
  void kill_all();
  std::uint64_t scratch_memory() const;
  Status await_first_process();
  Result<Outcome> outcome(int status);

  pid_t pid_;
  FileHandle output_, status_;
  const Options& options_;
  Clock::time_point start_ = Clock::now();
  Processes processes_;
  std::string status_text_;
  pid_t first_ = 0;  // first process of the pid namespace; when it is gone, all of them are
  FileHandle first_handle_;
  std::optional<End> killed_;
  bool cancelled_ = false;
  Outcome outcome_;
};

}  // namespace koan::sandbox
