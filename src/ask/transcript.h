// Transcripts (docs/ask_protocol.md, "Transcripts"): JSON lines, on disk before the next step, and enough to go on
// from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/json_document.h"

namespace koan::ask {

inline constexpr std::uint64_t kMaxTranscript = std::uint64_t{256} << 20;

class Transcript {
 public:
  // Of a new file the header is written; of one that is there it must be equal, and a last line that was cut off is
  // removed. The file stays locked: kUsage if somebody else writes it. Errors: kUsage (another run, with the member
  // that differs), kCorrupt with the line, kIo.
  static Result<Transcript> open(const std::string& path, const JsonDocument& header);

  // The next line that was there, or null.
  const JsonDocument* next() noexcept { return taken_ < lines_.size() ? &lines_[taken_++] : nullptr; }
  // Puts back what next() gave.
  void put_back() noexcept { --taken_; }
  std::size_t line_number() const noexcept { return taken_ + 1; }  // of what next() gave; the header is line 1
  // Only when nothing is left of what was there.
  Status append(const JsonDocument& line);

 private:
  Transcript(std::string path, FileHandle file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  FileHandle file_;
  std::vector<JsonDocument> lines_;
  std::size_t taken_ = 0;
};

// Lines of a transcript, without one that is cut off at the end; `complete` says how many bytes they are.
Result<std::vector<JsonDocument>> parse_transcript(std::string_view text, std::size_t* complete);

}  // namespace koan::ask
