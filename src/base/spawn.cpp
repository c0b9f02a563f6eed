#include "base/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/file.h"

extern char** environ;

namespace koan {
namespace {

class SpawnSetup {
 public:
  explicit SpawnSetup(const Spawn& what) {
    ::posix_spawn_file_actions_init(&actions);
    int last = STDERR_FILENO;
    for (const auto& [from, to] : what.descriptors) {
      last = std::max(last, to);
      if (from >= 0) {
        ::posix_spawn_file_actions_adddup2(&actions, from, to);
      } else {
        ::posix_spawn_file_actions_addopen(&actions, to, "/dev/null", to == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
      }
    }
    if (what.others_closed) ::posix_spawn_file_actions_addclosefrom_np(&actions, last + 1);
    if (!what.folder.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, what.folder.c_str());
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    short flags = POSIX_SPAWN_SETSIGDEF;
    if (what.group == Spawn::Group::kOwn) flags |= POSIX_SPAWN_SETPGROUP;
    if (what.group == Spawn::Group::kSession) flags |= POSIX_SPAWN_SETSID;
    ::posix_spawnattr_setpgroup(&attributes, 0);  // of its own, where the flag says so
    ::posix_spawnattr_setflags(&attributes, flags);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<pid_t> spawn(const Spawn& what) {
  const SpawnSetup setup(what);
  const std::string& file = what.file.empty() ? what.command[0] : what.file;
  std::vector<char*> environment;
  if (what.environment) environment = pointers(*what.environment);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, file.c_str(), &setup.actions, &setup.attributes,
                                    pointers(what.command).data(), what.environment ? environment.data() : environ);
  if (failed == ENOENT) return Error{ErrorCode::kNotSupported, what.command[0] + ": not installed"};
  if (failed != 0) return io_error(what.command[0], failed);
  return pid;
}

bool is_installed(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const std::string file = std::string(folders.substr(0, end)) + "/" + name;
    struct stat info {};
    if (::stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(file.c_str(), X_OK) == 0) return true;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return false;
}

}  // namespace koan
