// How a program is started so that it can do no harm: the command lines of bubblewrap and prlimit.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/spawn.h"
#include "sandbox/sandbox.h"

namespace koan::sandbox {

inline constexpr const char* kScratch = "/tmp";  // of the sandbox

struct Isolated {
  Spawn spawn;                       // without its input and outputs
  FileHandle status;                 // bubblewrap writes here what started and how it ended
  std::vector<FileHandle> inherits;  // from 3 on, as named in the command; open until it has started
};

// In bubblewrap, under limits. Errors: kUsage (a name of a file), kIo.
Result<Isolated> isolated(const std::vector<std::string>& command, const std::vector<File>& files,
                          const Limits& limits);

// Only under limits, in this folder.
Spawn limited(const std::vector<std::string>& command, const std::string& folder, const Limits& limits);

Status check_name(const File& file);

}  // namespace koan::sandbox
