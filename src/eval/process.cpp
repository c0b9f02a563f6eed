#include "eval/process.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <optional>
#include <string_view>
#include <thread>

#include "base/spawn.h"

extern char** environ;

namespace koan {
namespace {

constexpr std::size_t kQuoted = 2000;  // bytes of a program's last words
constexpr std::chrono::microseconds kLongestPause{50000};

struct Descriptors {
  int input = -1, output = -1, messages = -1;  // -1: /dev/null, and our own stderr
};

std::vector<std::string> joined_environment(const Program& program) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    bool replaced = false;
    for (const auto& [name, value] : program.environment) {
      replaced = replaced || (line.size() > name.size() && line[name.size()] == '=' && line.starts_with(name));
    }
    if (!replaced) out.emplace_back(line);
  }
  for (const auto& [name, value] : program.environment) out.push_back(name + "=" + value);
  return out;
}

Result<FileHandle> memory_file() {
  FileHandle file(::memfd_create("koan-eval", MFD_CLOEXEC));
  if (!file.is_open()) return io_error("memory file", errno);
  return file;
}

Result<Bytes> contents(int fd) {
  if (::lseek(fd, 0, SEEK_SET) != 0) return io_error("memory file", errno);
  FileSource source(fd, "memory file");
  Bytes out;
  Bytes piece(1 << 16);
  for (;;) {
    KOAN_ASSIGN(const std::size_t n, source.read(piece));
    if (n == 0) return out;
    out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
  }
}

// docs/cli.md, exit codes; koan's own programs share them.
ErrorCode code_of_exit(int exit) {
  switch (exit) {
    case 2:
      return ErrorCode::kUsage;
    case 3:
      return ErrorCode::kIo;
    case 4:
      return ErrorCode::kCorrupt;
    case 5:
      return ErrorCode::kNeedsModel;
    case 7:
      return ErrorCode::kLimit;
    case 8:
      return ErrorCode::kVerification;
    case 130:
      return ErrorCode::kCancelled;
    default:
      return ErrorCode::kInternal;
  }
}

// "koan compress"
std::string name_of(const Program& program) {
  return program.command.size() < 2 ? program.command[0] : program.command[0] + " " + program.command[1];
}

Error failure(const Program& program, int status, std::string said) {
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.size() > kQuoted) said = "..." + said.substr(said.size() - kQuoted);
  const std::string what = name_of(program);
  if (!WIFEXITED(status))
    return Error{ErrorCode::kInternal, what + ": killed by signal " + std::to_string(WTERMSIG(status)) + "; " + said};
  return Error{code_of_exit(WEXITSTATUS(status)),
               what + ": exit code " + std::to_string(WEXITSTATUS(status)) + (said.empty() ? "" : ": " + said)};
}

// The status of a program that ended by itself, or why it was ended. Looks again and again, because a signal may come
// just before a call that waits for good.
Result<int> wait_for(pid_t pid, const Program& program, StopFlag stop) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  const auto start = Clock::now();
  Clock::time_point asked;
  std::optional<Error> why;
  for (std::chrono::microseconds pause(100);; pause = std::min(pause * 2, kLongestPause)) {
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended < 0 && errno != EINTR) return io_error(program.command[0], errno);
    if (ended == pid) return why ? Result<int>(*std::move(why)) : Result<int>(status);
    const auto now = Clock::now();
    if (why) {
      if (Seconds(now - asked).count() > program.grace_seconds) ::kill(-pid, SIGKILL);
    } else {
      if (stop != nullptr && *stop) why = Error{ErrorCode::kCancelled, "interrupted"};
      if (program.most_seconds > 0 && Seconds(now - start).count() > program.most_seconds)
        why = Error{ErrorCode::kLimit, name_of(program) + ": still at work after " +
                                           std::to_string(std::lround(program.most_seconds)) + " s"};
      asked = now;
      if (why) ::kill(-pid, SIGTERM);
    }
    std::this_thread::sleep_for(pause);
  }
}

Status run(const Program& program, Descriptors use, StopFlag stop) {
  KOAN_ASSIGN(const FileHandle messages, memory_file());
  if (!program.show_messages) use.messages = messages.fd();
  Spawn child{program.command, program.file, joined_environment(program), {{use.input, STDIN_FILENO}}, {}, "", {}};
  child.descriptors.emplace_back(use.output, STDOUT_FILENO);
  if (use.messages >= 0) child.descriptors.emplace_back(use.messages, STDERR_FILENO);
  child.group = Spawn::Group::kOwn;
  KOAN_ASSIGN(const pid_t pid, spawn(child));
  KOAN_ASSIGN(const int status, wait_for(pid, program, stop));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  KOAN_ASSIGN(const Bytes said, contents(messages.fd()));
  return failure(program, status, std::string(as_text(said)));
}

}  // namespace

Status run_program(const Program& program, StopFlag stop) { return run(program, {}, stop); }

Result<Bytes> run_filter(const Program& program, ByteView input, StopFlag stop) {
  KOAN_ASSIGN(const FileHandle in, memory_file());
  KOAN_ASSIGN(const FileHandle out, memory_file());
  KOAN_TRY(FileSink(in.fd(), "memory file").write(input));
  if (::lseek(in.fd(), 0, SEEK_SET) != 0) return io_error("memory file", errno);
  KOAN_TRY(run(program, {in.fd(), out.fd(), -1}, stop));
  return contents(out.fd());
}

}  // namespace koan
