#include "cli/whole_file.h"

#include <unistd.h>

#include "base/file.h"
#include "cli/signals.h"

namespace koan::cli {

Result<std::string> read_text(const std::string& path, const TextKind& kind) {
  if (path != "-") {
    KOAN_ASSIGN(const Bytes text, read_file(path, kind.max_bytes));
    return std::string(as_text(text));
  }
  FileSource source(STDIN_FILENO, "stdin", stop_flag());
  BufferedSource buffered(source);
  KOAN_ASSIGN(const ByteView text, buffered.peek(kind.max_bytes + 1));
  if (text.size() <= kind.max_bytes) return std::string(as_text(text));
  return Error{ErrorCode::kLimit,
               std::string("stdin: ") + kind.name + " has at most " + std::to_string(kind.max_bytes >> 20) + " MiB"};
}

Result<std::string> read_argument(const std::string& argument, bool names_file, const TextKind& kind) {
  const bool from_stdin = argument.empty() || argument == "-";
  if (!from_stdin && !names_file) return argument;
  return read_text(from_stdin ? "-" : argument, kind);
}

Status write_whole(const std::string& path, ByteView bytes, bool replace) {
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, replace));
  const EmergencyRemoval removal(file.temporary_path());
  FileSink sink(file.fd(), path, stop_flag());
  KOAN_TRY(sink.write(bytes));
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return file.commit();
}

}  // namespace koan::cli
