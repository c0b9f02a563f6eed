#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "base/spawn.h"
#include "sandbox/child.h"
#include "sandbox/isolate.h"

namespace koan::sandbox {
namespace {

// A folder of our own, removed again.
class Folder {
 public:
  static Result<Folder> create() {
    const char* where = std::getenv("TMPDIR");
    std::string name = std::string(where == nullptr || *where == '\0' ? "/tmp" : where) + "/koan-sandbox-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return io_error(name, errno);
    return Folder(std::move(name));
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<Outcome> start(Spawn what, FileHandle status, const Options& options) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return io_error("pipe", errno);
  FileHandle output(pipe[0]);
  FileHandle their_output(pipe[1]);
  // First: the pipe may have a number that another descriptor will get.
  auto& descriptors = what.descriptors;
  descriptors.insert(descriptors.begin(), {{-1, STDIN_FILENO}, {pipe[1], STDOUT_FILENO}, {pipe[1], STDERR_FILENO}});
  KOAN_ASSIGN(const pid_t pid, spawn(what));
  their_output.close();
  return Child(pid, std::move(output), std::move(status), options).wait();
}

Result<Outcome> run_isolated(const std::vector<std::string>& command, const std::vector<File>& files,
                             const Options& options) {
  for (const char* program : {"bwrap", "prlimit", "setpriv"}) {
    if (!is_installed(program)) return Error{ErrorCode::kNotSupported, std::string(program) + ": not installed"};
  }
  KOAN_ASSIGN(Isolated what, isolated(command, files, options.limits));
  return start(std::move(what.spawn), std::move(what.status), options);
}

Result<Outcome> run_limited(const std::vector<std::string>& command, const std::vector<File>& files,
                            const Options& options) {
  KOAN_ASSIGN(const Folder folder, Folder::create());
  for (const File& file : files) {
    KOAN_TRY(check_name(file));
    KOAN_TRY(write_file(folder.path() + "/" + file.name, as_bytes(file.content)));
  }
  return start(limited(command, folder.path(), options.limits), {}, options);
}

Error with_advice(Error error) {
  if (error.code != ErrorCode::kNotSupported) return error;
  while (!error.message.empty() && error.message.back() == '\n') error.message.pop_back();
  error.message = "no programs of others are run here, because they cannot be isolated: " + error.message +
                  ". It takes bubblewrap 0.8 or newer and util-linux (Debian: apt-get install bubblewrap) and user "
                  "namespaces (a container has to be allowed them, as with --security-opt seccomp=unconfined)";
  return error;
}

}  // namespace

Status available() {
  auto tried = run({"true"}, {}, {});
  if (!tried) return std::move(tried).error();
  if (tried->end == End::kExited && tried->code == 0) return {};
  return with_advice(Error{ErrorCode::kNotSupported, "a trial failed: " + tried->output});
}

Result<Outcome> run(const std::vector<std::string>& command, const std::vector<File>& files, const Options& options) {
  if (command.empty()) return Error{ErrorCode::kUsage, "no command"};
  if (options.unsandboxed) return run_limited(command, files, options);
  auto outcome = run_isolated(command, files, options);
  if (!outcome) return with_advice(std::move(outcome).error());
  return outcome;
}

}  // namespace koan::sandbox
