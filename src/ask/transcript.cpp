#include "ask/transcript.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace koan::ask {
namespace {

constexpr std::size_t kMaxLine = 16 << 20;

Status same_run(const JsonDocument& there, const JsonDocument& wanted) {
  for (const auto& [key, value] : wanted.items())
    if (!there.contains(key) || there.at(key) != value)
      return Error{ErrorCode::kUsage, "it is the transcript of another run: its '" + key + "' differs"};
  return {};
}

}  // namespace

Status sync_folder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open() || ::fsync(handle.fd()) != 0) return io_error(folder, errno);
  return {};
}

Result<std::vector<JsonDocument>> parse_transcript(std::string_view text, std::size_t* complete) {
  std::vector<JsonDocument> out;
  *complete = 0;
  while (true) {
    const std::size_t end = text.find('\n', *complete);
    if (end == std::string_view::npos) return out;
    auto line = parse_json_document(text.substr(*complete, end - *complete), kMaxLine);
    // Lines are written one after another, so that only the last can be broken by a machine that stopped.
    if (!line && end + 1 == text.size()) return out;
    if (!line) return std::move(line).error().in("line " + std::to_string(out.size() + 1));
    out.push_back(std::move(*line));
    *complete = end + 1;
  }
}

Result<Transcript> Transcript::open(const std::string& path, const JsonDocument& header) {
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file.is_open()) return io_error(path, errno);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_error(path, errno);
    return Error{ErrorCode::kUsage, path + ": another koan is writing it"};
  }
  KOAN_ASSIGN(const Bytes text, read_file(path, kMaxTranscript));
  std::size_t complete = 0;
  auto lines = parse_transcript(as_text(text), &complete);
  if (!lines) return std::move(lines).error().in(path);
  Transcript out(path, std::move(file));
  if (complete < text.size()) {
    // Somebody else's file is not to be cut.
    if (lines->empty() && !text.empty() && text[0] != '{')
      return Error{ErrorCode::kUsage, path + ": it is no transcript"};
    if (::ftruncate(out.file_.fd(), static_cast<off_t>(complete)) != 0) return io_error(path, errno);
  }
  if (lines->empty()) {
    KOAN_TRY(out.append(header));
    KOAN_TRY(sync_folder(path));
    return out;
  }
  auto same = same_run(lines->front(), header);
  if (!same) return std::move(same).error().in(path);
  lines->erase(lines->begin());
  out.lines_ = std::move(*lines);
  return out;
}

Status Transcript::append(const JsonDocument& line) {
  KOAN_TRY(FileSink(file_.fd(), path_).write(as_bytes(to_line(line) + "\n")));
  // Devices and pipes cannot be synchronised.
  if (::fsync(file_.fd()) != 0 && errno != EINVAL && errno != EROFS) return io_error(path_, errno);
  return {};
}

}  // namespace koan::ask
