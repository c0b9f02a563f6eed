// Other programs, run and waited for.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace koan {

struct Program {
  std::vector<std::string> command;  // what the program is called, and its arguments
  std::string file;                  // what is run; empty: command[0], looked up in PATH unless it has a slash
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of ours
  bool show_messages = false;                                    // its stderr is ours; otherwise the error quotes it
  double most_seconds = 0;                                       // 0: as long as it takes
  double grace_seconds = 10;                                     // from SIGTERM to SIGKILL
};

// kNotSupported: not installed. Otherwise a program that fails gives the code that its exit code stands for in koan,
// and the end of what it said on stderr. A stop flag that is set (kCancelled) and the end of its time (kLimit) end the
// program and what it has started. It gets no signals from the terminal: a Ctrl-C reaches it once, by way of the stop
// flag.
Status run_program(const Program& program, StopFlag stop = nullptr);

// As a filter: from bytes to bytes.
Result<Bytes> run_filter(const Program& program, ByteView input, StopFlag stop = nullptr);

}  // namespace koan
