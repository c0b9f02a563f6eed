#include "sandbox/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "sandbox/isolate.h"

namespace koan::sandbox {
namespace {

constexpr int kPauseMs = 10;              // between looks at its processes
constexpr int kDeathMs = 10'000;          // from SIGKILL to the end, on a machine that is very busy
constexpr std::uint64_t kPerFile = 1024;  // bytes of the kernel's memory that an empty file takes, about

void stop_blocking(const FileHandle& file) {
  if (file.is_open()) ::fcntl(file.fd(), F_SETFL, ::fcntl(file.fd(), F_GETFL) | O_NONBLOCK);
}

// The number behind the first `"name":`.
std::optional<int> number_of(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":");
  if (at == std::string::npos) return std::nullopt;
  return std::atoi(json.c_str() + at + name.size() + 3);
}

}  // namespace

Child::Child(pid_t pid, FileHandle output, FileHandle status, const Options& options)
    : pid_(pid), output_(std::move(output)), status_(std::move(status)), options_(options), processes_(pid) {
  stop_blocking(output_);
  stop_blocking(status_);
}

Result<Outcome> Child::wait() {
  const bool isolated = status_.is_open();
  int status = 0;
  for (;;) {
    read_some(kPauseMs);
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    if (ended < 0 && errno != EINTR) return io_error("sandbox", errno);
    check();
    if (killed_ || cancelled_) kill_all();
  }
  outcome_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  read_status();
  if (isolated) {
    KOAN_TRY(await_first_process());
  } else {
    kill_all();
  }
  read_output();
  if (cancelled_) return Error{ErrorCode::kCancelled, "interrupted"};
  return isolated ? outcome(-1) : outcome(status);
}

void Child::read_some(int timeout_ms) {
  std::array<pollfd, 2> wait{{{output_.fd(), POLLIN, 0}, {status_.fd(), POLLIN, 0}}};  // -1 is not waited for
  ::poll(wait.data(), wait.size(), timeout_ms);
  read_output();
  read_status();
}

// All that is there; what is above the limit is forgotten, so that the program does not wait for us.
void Child::read_output() {
  std::array<char, 1 << 16> piece;
  for (int pieces = 0; output_.is_open() && pieces < 64; ++pieces) {
    const ssize_t n = ::read(output_.fd(), piece.data(), piece.size());
    if (n == 0) output_.close();
    if (n <= 0) return;
    const std::size_t room =
        options_.limits.output - std::min<std::uint64_t>(outcome_.output.size(), options_.limits.output);
    const std::size_t take = std::min(room, static_cast<std::size_t>(n));
    outcome_.output.append(piece.data(), take);
    if (take < static_cast<std::size_t>(n)) outcome_.output_cut = true;
  }
}

void Child::read_status() {
  std::array<char, 1024> piece;
  while (status_.is_open()) {
    const ssize_t n = ::read(status_.fd(), piece.data(), piece.size());
    if (n == 0) status_.close();
    if (n <= 0) break;
    status_text_.append(piece.data(), static_cast<std::size_t>(n));
  }
  if (first_ == 0) learn_first();
}

// Only the first line counts: it is written before the program runs.
void Child::learn_first() {
  const std::size_t end = status_text_.find('\n');
  if (end == std::string::npos) return;
  first_ = number_of(status_text_.substr(0, end), "child-pid").value_or(0);
  if (first_ > 0) first_handle_ = FileHandle(static_cast<int>(::syscall(SYS_pidfd_open, first_, 0)));
}

void Child::check() {
  if (killed_ || cancelled_) return;
  if (options_.cancelled && options_.cancelled()) {
    cancelled_ = true;
    return;
  }
  if (Clock::now() - start_ > options_.limits.wall) {
    killed_ = End::kTimeout;
    return;
  }
  processes_.look();
  const std::uint64_t limit = options_.limits.memory;
  if (scratch_memory() + processes_.memory(limit) > limit) killed_ = End::kMemory;
  if (options_.unsandboxed && processes_.members().size() > options_.limits.processes) killed_ = End::kProcesses;
}

// Of the files' names and owners; their content has its own limit.
std::uint64_t Child::scratch_memory() const {
  if (first_ <= 0) return 0;
  struct statvfs info {};
  if (::statvfs(("/proc/" + std::to_string(first_) + "/root" + kScratch).c_str(), &info) != 0) return 0;
  // Until bubblewrap has mounted it, a folder of the host is there.
  const std::uint64_t size = info.f_blocks * info.f_frsize;
  if (size < options_.limits.disk || size >= options_.limits.disk + info.f_frsize) return 0;
  return (info.f_files - info.f_ffree) * kPerFile;
}

// The first process of the pid namespace takes all others with it, and bubblewrap outside then ends by itself.
void Child::kill_all() {
  if (first_handle_.is_open()) {
    ::syscall(SYS_pidfd_send_signal, first_handle_.fd(), SIGKILL, nullptr, 0);
    return;
  }
  ::kill(-pid_, SIGKILL);
  for (const pid_t pid : processes_.members()) ::kill(pid, SIGKILL);
}

Status Child::await_first_process() {
  if (!first_handle_.is_open()) return {};
  kill_all();
  pollfd gone{first_handle_.fd(), POLLIN, 0};
  const auto until = Clock::now() + std::chrono::milliseconds(kDeathMs);
  while (::poll(&gone, 1, kPauseMs) <= 0) {
    if (Clock::now() > until) return Error{ErrorCode::kIo, "sandbox: a process would not end"};
  }
  return {};
}

// `status` of the program itself, -1 if bubblewrap has it.
Result<Outcome> Child::outcome(int status) {
  if (killed_) {
    outcome_.end = *killed_;
    return std::move(outcome_);
  }
  constexpr int kSignalled = 128, kSignals = 64;
  int code = 0;
  if (status < 0) {
    const std::optional<int> reported = number_of(status_text_, "exit-code");
    if (!reported) return Error{ErrorCode::kNotSupported, outcome_.output};
    code = *reported;
  } else {
    code = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
  }
  if (code > kSignalled && code <= kSignalled + kSignals) {
    outcome_.end = End::kSignal;
    code -= kSignalled;
  }
  outcome_.code = code;
  return std::move(outcome_);
}

}  // namespace koan::sandbox
