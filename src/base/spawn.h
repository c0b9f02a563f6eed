// Starts another program: one place for what a child inherits, which is easily forgotten.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace koan {

struct Spawn {
  std::vector<std::string> command;  // what the program is called, and its arguments
  std::string file;                  // what is run; empty: command[0]. Looked up in PATH unless it has a slash
  std::optional<std::vector<std::string>> environment;  // NAME=VALUE; none: ours
  std::vector<std::pair<int, int>>
      descriptors;             // {ours, the child's number}; ours -1: /dev/null. Others of 0-2: as ours
  bool others_closed = false;  // descriptors that are not named above, also those without O_CLOEXEC
  std::string folder;          // to start in; empty: ours
  enum class Group { kOurs, kOwn, kSession } group = Group::kOurs;  // kOurs: gets the terminal's signals
};

// The child does not inherit that we ignore SIGPIPE, nor descriptors with O_CLOEXEC. kNotSupported: not installed.
Result<pid_t> spawn(const Spawn& what);

bool is_installed(const std::string& name);  // in PATH

}  // namespace koan
