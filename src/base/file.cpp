#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace koan {

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

int FileHandle::release() noexcept {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

int FileHandle::close() noexcept {
  const int fd = release();
  if (fd < 0) return 0;
  // After EINTR the descriptor is gone on Linux; closing again could hit somebody else's.
  return ::close(fd) == 0 || errno == EINTR ? 0 : errno;
}

Error io_error(const std::string& what, int error_number) {
  return Error{ErrorCode::kIo, what + ": " + std::strerror(error_number)};
}

namespace {

bool stopped(StopFlag stop) { return stop != nullptr && *stop != 0; }
Error cancelled() { return Error{ErrorCode::kCancelled, "interrupted"}; }

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// mkostemp creates 0600; a file without a source gets what open(2) would have given it.
mode_t default_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Result<std::size_t> FileSource::read(std::span<std::uint8_t> buffer) {
  for (;;) {
    if (stopped(stop_)) return cancelled();
    const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return io_error(name_, errno);
  }
}

Status FileSink::write(ByteView data) {
  while (!data.empty()) {
    if (stopped(stop_)) return cancelled();
    const ssize_t n = ::write(fd_, data.data(), data.size());
    if (n >= 0) {
      data = data.subspan(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      reader_gone_ = errno == EPIPE;
      return io_error(name_, errno);
    }
  }
  return {};
}

Result<FileHandle> open_for_reading(const std::string& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!handle.is_open()) return io_error(path, errno);
  struct stat info {};
  if (::fstat(handle.fd(), &info) != 0) return io_error(path, errno);
  if (S_ISDIR(info.st_mode)) return io_error(path, EISDIR);
  return handle;
}

Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes) {
  KOAN_ASSIGN(const FileHandle handle, open_for_reading(path));
  struct stat info {};
  if (::fstat(handle.fd(), &info) != 0) return io_error(path, errno);
  const Error too_large{ErrorCode::kLimit, path + ": larger than the limit of " + std::to_string(max_bytes) + " bytes"};
  const auto expected = S_ISREG(info.st_mode) && info.st_size > 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  if (expected > max_bytes) return too_large;
  constexpr std::size_t kStep = std::size_t{1} << 16;
  Bytes out;
  out.reserve(static_cast<std::size_t>(expected) + kStep);
  FileSource source(handle.fd(), path);
  for (;;) {
    const std::size_t have = out.size();
    out.resize(have + kStep);
    KOAN_ASSIGN(const std::size_t got, source.read(std::span(out).subspan(have)));
    out.resize(have + got);
    if (got == 0) return out;
    if (out.size() > max_bytes) return too_large;
  }
}

Result<AtomicFile> AtomicFile::create(const std::string& path, bool replace) {
  struct stat info {};
  std::string target = path;
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return io_error(path, EISDIR);
    if (!S_ISREG(info.st_mode)) {
      FileHandle direct(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
      if (!direct.is_open()) return io_error(path, errno);
      return AtomicFile(std::move(direct), path, "", replace);
    }
    if (!replace) return Error{ErrorCode::kUsage, path + ": already exists; not overwritten without -f"};
    // Replacing through a symbolic link replaces the file it leads to, not the link.
    if (char* real = ::realpath(path.c_str(), nullptr)) {
      target = real;
      std::free(real);
    }
  }
  std::string temporary = folder_of(target) + "/.koan-tmp-XXXXXX";
  FileHandle handle(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!handle.is_open()) return io_error(path, errno);
  return AtomicFile(std::move(handle), std::move(target), std::move(temporary), replace);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : handle_(std::move(other.handle_)),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      replace_(other.replace_),
      committed_(other.committed_) {
  other.temporary_.clear();
}

AtomicFile::~AtomicFile() {
  if (!committed_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Status AtomicFile::restart() {
  if (is_direct()) return Error{ErrorCode::kIo, path_ + ": not a regular file, cannot start over"};
  if (::ftruncate(handle_.fd(), 0) != 0 || ::lseek(handle_.fd(), 0, SEEK_SET) != 0) return io_error(path_, errno);
  return {};
}

Status AtomicFile::commit(int attributes_from_fd) {
  if (is_direct()) {
    const int failed = handle_.close();
    return failed == 0 ? Status{} : Status{io_error(path_, failed)};
  }
  struct stat info {};
  const bool inherit = attributes_from_fd >= 0 && ::fstat(attributes_from_fd, &info) == 0 && S_ISREG(info.st_mode);
  if (inherit) {
    // Not every file system keeps modes and times; the data matters more than they do.
    (void)!::fchmod(handle_.fd(), info.st_mode & 0777);
    const struct timespec times[2] = {info.st_atim, info.st_mtim};
    (void)!::futimens(handle_.fd(), times);
  } else {
    (void)!::fchmod(handle_.fd(), default_mode());
  }
  if (::fsync(handle_.fd()) != 0 && errno != EINVAL && errno != ENOSYS) return io_error(path_, errno);
  if (const int failed = handle_.close(); failed != 0) return io_error(path_, failed);
  return publish();
}

Status AtomicFile::publish() {
  if (replace_) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return io_error(path_, errno);
  } else if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    // Some file systems lack the flag; link() has the same guarantee.
    if (errno != EEXIST && ::link(temporary_.c_str(), path_.c_str()) == 0) {
      ::unlink(temporary_.c_str());
    } else if (errno == EEXIST) {
      return Error{ErrorCode::kUsage, path_ + ": already exists; not overwritten without -f"};
    } else {
      return io_error(path_, errno);
    }
  }
  committed_ = true;
  // The name itself becomes durable with its folder; a folder that cannot be opened is no reason to fail now.
  static_cast<void>(sync_folder(path_));
  return {};
}

Status write_file(const std::string& path, ByteView data) {
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, true));
  FileSink sink(file.fd(), path);
  KOAN_TRY(sink.write(data));
  return file.commit();
}

Result<FileHandle> open_log(const std::string& path, unsigned mode, const char* who) {
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, mode));
  if (!file.is_open()) return io_error(path, errno);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return io_error(path, errno);
  return Error{ErrorCode::kUsage, path + ": another " + who + " is writing it"};
}

Status sync_folder(const std::string& path) {
  const std::string folder = folder_of(path);
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open() || ::fsync(handle.fd()) != 0) return io_error(folder, errno);
  return {};
}

}  // namespace koan
