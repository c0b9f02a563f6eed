#include "cli/child_process.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/spawn.h"
#include "cli/progress.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

// Fills the buffer unless the file ends.
Result<std::size_t> read_fully(int fd, std::span<std::uint8_t> buffer, std::uint64_t offset) {
  std::size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t n = ::pread(fd, buffer.data() + have, buffer.size() - have, static_cast<off_t>(offset + have));
    if (n == 0) break;
    if (n < 0 && errno != EINTR) return io_error("compare", errno);
    if (n > 0) have += static_cast<std::size_t>(n);
  }
  return have;
}

}  // namespace

Result<bool> same_contents(int a, int b) {
  std::array<std::uint8_t, 1 << 16> one, two;
  for (std::uint64_t offset = 0;; offset += one.size()) {
    KOAN_ASSIGN(const std::size_t n, read_fully(a, one, offset));
    KOAN_ASSIGN(const std::size_t m, read_fully(b, two, offset));
    if (n != m || std::memcmp(one.data(), two.data(), n) != 0) return false;
    if (n < one.size()) return true;
  }
}

Result<int> run_program(const std::vector<std::string>& command, bool stdout_on_stderr) {
  Spawn child{command, "", {}, {}, {}, "", {}};
  if (stdout_on_stderr) child.descriptors = {{STDERR_FILENO, STDOUT_FILENO}};
  KOAN_ASSIGN(const pid_t pid, spawn(child));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return io_error(command[0], errno);
    if (interrupted()) ::kill(pid, SIGTERM);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<ChildRun> run_filter(const std::vector<std::string>& command, int input_fd) {
  ChildRun run;
  run.output = FileHandle(::memfd_create("koan-bench", MFD_CLOEXEC));
  if (!run.output.is_open()) return io_error("memory file", errno);
  if (::lseek(input_fd, 0, SEEK_SET) != 0) return io_error("input", errno);

  const double start = seconds_now();
  Spawn child{command, "", {}, {{input_fd, STDIN_FILENO}, {run.output.fd(), STDOUT_FILENO}}, {}, "", {}};
  child.descriptors.emplace_back(-1, STDERR_FILENO);
  auto started = spawn(child);
  if (!started && started.error().code == ErrorCode::kNotSupported)
    return Error{ErrorCode::kNotSupported, "not installed"};  // the table names the program itself
  KOAN_ASSIGN(const pid_t pid, std::move(started));
  int status = 0;
  struct rusage usage {};
  while (::wait4(pid, &status, 0, &usage) < 0) {
    if (errno != EINTR) return io_error(command[0], errno);
    if (interrupted()) ::kill(pid, SIGTERM);
  }
  run.seconds = seconds_now() - start;
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Error{ErrorCode::kIo, command[0] + " failed"};
  run.peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  struct stat info {};
  if (::fstat(run.output.fd(), &info) != 0) return io_error("memory file", errno);
  run.output_bytes = static_cast<std::uint64_t>(info.st_size);
  return run;
}

}  // namespace koan::cli
