// Every call to a server, one line of JSON each, written at once (docs/remote.md, Transcript).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/file.h"
#include "formats/json_document.h"

namespace koan {

// Shared by all models of a command; may be used from several threads.
class Transcript {
 public:
  // Appends to a file that is there. A line that an earlier process did not finish is ended first. Errors: kIo.
  static Result<std::shared_ptr<Transcript>> open(const std::string& path);

  // One line, with "[key]" in place of `secret`.
  Status add(const JsonDocument& line, std::string_view secret);

 private:
  Transcript(FileHandle file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  FileHandle file_;
  std::string path_;
  std::mutex mutex_;
};

// "2026-11-26T03:51:57.123Z" of milliseconds since 1970.
std::string time_text(std::int64_t milliseconds);

}  // namespace koan
