#include "remote/transcript.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "remote/key.h"

namespace koan {

Result<std::shared_ptr<Transcript>> Transcript::open(const std::string& path) {
  FileHandle file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return io_error(path, errno);
  char last = '\n';
  const off_t size = ::lseek(file.fd(), 0, SEEK_END);  // negative: a pipe or a device
  if (size > 0 && ::pread(file.fd(), &last, 1, size - 1) != 1) return io_error(path, errno);
  if (last != '\n') KOAN_TRY(FileSink(file.fd(), path).write(as_bytes("\n")));
  return std::shared_ptr<Transcript>(new Transcript(std::move(file), path));
}

Status Transcript::add(const JsonDocument& line, std::string_view secret) {
  const std::string text = without_key(to_line(line), secret) + "\n";
  const std::lock_guard lock(mutex_);
  return FileSink(file_.fd(), path_).write(as_bytes(text));
}

std::string time_text(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm when{};
  ::gmtime_r(&seconds, &when);
  char out[80];
  std::snprintf(out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", when.tm_year + 1900, when.tm_mon + 1,
                when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec, static_cast<int>(milliseconds % 1000));
  return out;
}

}  // namespace koan
