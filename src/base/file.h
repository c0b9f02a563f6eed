// Files: reading, writing, and an output that appears under its name only when it is complete.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/io.h"
#include "base/result.h"

namespace koan {

// Owner of a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) noexcept : fd_(fd) {}
  ~FileHandle() { close(); }
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  int release() noexcept;
  int close() noexcept;  // 0, or errno

 private:
  int fd_ = -1;
};

// A signal handler sets it to stop a read or write that waits: the call returns kCancelled. May be null.
using StopFlag = const volatile std::sig_atomic_t*;

// "<what>: <strerror>" as kIo.
Error io_error(const std::string& what, int error_number);

// Reads a descriptor that somebody else owns.
class FileSource final : public Source {
 public:
  FileSource(int fd, std::string name, StopFlag stop = nullptr) : fd_(fd), name_(std::move(name)), stop_(stop) {}
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override;

 private:
  int fd_;
  std::string name_;
  StopFlag stop_;
};

// Writes everything to a descriptor that somebody else owns.
class FileSink final : public Sink {
 public:
  FileSink(int fd, std::string name, StopFlag stop = nullptr) : fd_(fd), name_(std::move(name)), stop_(stop) {}
  Status write(ByteView data) override;
  bool reader_gone() const noexcept { return reader_gone_; }  // the last write failed with EPIPE

 private:
  int fd_;
  std::string name_;
  StopFlag stop_;
  bool reader_gone_ = false;
};

// Opens for reading; a directory is an error.
Result<FileHandle> open_for_reading(const std::string& path);

// The whole file; kLimit above max_bytes.
Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes);

// A file that is written next to its final place as ".koan-tmp-XXXXXX" and renamed by commit(). Until then nothing
// stands under the final name; the destructor removes what was not committed. An existing device or pipe (such as
// /dev/null) is written to directly.
class AtomicFile {
 public:
  // replace = false: an existing file is an error, here (kUsage) and again, without a race, in commit().
  static Result<AtomicFile> create(const std::string& path, bool replace);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;

  int fd() const noexcept { return handle_.fd(); }  // open for reading and writing, unless is_direct()
  const std::string& path() const noexcept { return path_; }
  const std::string& temporary_path() const noexcept { return temporary_; }  // empty if is_direct()
  bool is_direct() const noexcept { return temporary_.empty(); }

  // Forgets what was written.
  Status restart();
  // Mode and times of the file behind `fd` if it is a regular one; otherwise what a new file gets.
  // Writes to disk, then renames. After an error nothing stands under the final name.
  Status commit(int attributes_from_fd = -1);

 private:
  AtomicFile(FileHandle handle, std::string path, std::string temporary, bool replace)
      : handle_(std::move(handle)), path_(std::move(path)), temporary_(std::move(temporary)), replace_(replace) {}
  Status publish();

  FileHandle handle_;
  std::string path_, temporary_;
  bool replace_;
  bool committed_ = false;
};

// The file appears under its name when all of it is on disk: a reader never sees half of it, and a failure keeps the
// old one.
Status write_file(const std::string& path, ByteView data);

// A file of lines that only this process appends to: O_APPEND, created with `mode`, locked until it is closed.
// Errors: kIo; kUsage, "another `who` is writing it".
Result<FileHandle> open_log(const std::string& path, unsigned mode, const char* who);
// The name of a new file becomes durable with its folder. `path`: of the file. Errors: kIo.
Status sync_folder(const std::string& path);

}  // namespace koan
