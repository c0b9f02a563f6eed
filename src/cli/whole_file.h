// Texts and files that a command holds in memory as a whole.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace koan::cli {

struct TextKind {
  const char* name;         // for messages: "a prompt"
  std::uint64_t max_bytes;  // whole MiB
};

// A file, or the standard input for "-". Errors: kLimit, those of read_file.
Result<std::string> read_text(const std::string& path, const TextKind& kind);
// What an argument stands for: itself, the file that it names if `names_file`, the standard input if it is empty or
// "-".
Result<std::string> read_argument(const std::string& argument, bool names_file, const TextKind& kind);

// Complete or not at all, also after a second Ctrl-C. kCancelled after a signal; kUsage if it exists and is not to be
// replaced.
Status write_whole(const std::string& path, ByteView bytes, bool replace);

}  // namespace koan::cli
