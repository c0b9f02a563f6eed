#include "ask/transcript.h"

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
  KOAN_ASSIGN(FileHandle file, open_log(path, 0666, "koan"));
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
