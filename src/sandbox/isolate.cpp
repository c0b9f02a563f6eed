#include "sandbox/isolate.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "sandbox/seccomp.h"

namespace koan::sandbox {
namespace {

constexpr const char* kPath = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
constexpr const char* kNobody = "65534";
constexpr int kDescriptors = 64;

using Words = std::vector<std::string>;

void add(Words& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

// Limits of the kernel on each process, put on when user namespace and user are final: it counts the processes of a
// user in a namespace, and bubblewrap's own first process is one.
void add_limits(Words& words, const Limits& limits, std::uint32_t processes) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.wall).count() + 1;
  add(words, {"prlimit", "--core=0", "--nofile=" + std::to_string(kDescriptors), "--cpu=" + std::to_string(seconds),
              "--data=" + std::to_string(limits.memory), "--fsize=" + std::to_string(limits.disk)});
  if (processes > 0) add(words, {"--nproc=" + std::to_string(processes)});
  add(words, {"--"});
}

// The system's programs and libraries, as it lays them out, and nothing else: no /etc, /home, /var, /proc or /sys.
void add_system(Words& words) {
  add(words, {"--ro-bind", "/usr", "/usr"});
  for (const char* folder : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code gone;
    if (std::filesystem::is_symlink(folder, gone)) {
      add(words, {"--symlink", std::filesystem::read_symlink(folder, gone).string(), folder});
    } else if (std::filesystem::is_directory(folder, gone)) {
      add(words, {"--ro-bind", folder, folder});
    }
  }
  for (const char* part : {"/etc/alternatives", "/etc/ld.so.cache"}) add(words, {"--ro-bind-try", part, part});
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
    add(words, {"--dev-bind", device, device});
}

Result<FileHandle> memory_file(ByteView content) {
  FileHandle file(::memfd_create("koan-sandbox", MFD_CLOEXEC));
  if (!file.is_open()) return io_error("memory file", errno);
  KOAN_TRY(FileSink(file.fd(), "memory file").write(content));
  if (::lseek(file.fd(), 0, SEEK_SET) != 0) return io_error("memory file", errno);
  return file;
}

// Keeps it for the child under the next number, which it gives.
std::string inherit(Isolated& out, FileHandle file) {
  const int number = STDERR_FILENO + 1 + static_cast<int>(out.inherits.size());
  out.inherits.push_back(std::move(file));
  return std::to_string(number);
}

// A descriptor of ours that had the number of one of the child's would be overwritten before its turn: they go above.
Status pass_on(Isolated& out) {
  const int first = STDERR_FILENO + 1;
  const int above = first + static_cast<int>(out.inherits.size());
  for (std::size_t i = 0; i < out.inherits.size(); ++i) {
    FileHandle moved(::fcntl(out.inherits[i].fd(), F_DUPFD_CLOEXEC, above));
    if (!moved.is_open()) return io_error("sandbox", errno);
    out.inherits[i] = std::move(moved);
    out.spawn.descriptors.emplace_back(out.inherits[i].fd(), first + static_cast<int>(i));
  }
  out.spawn.others_closed = true;
  return {};
}

}  // namespace

Status check_name(const File& file) {
  if (file.name.empty() || file.name == "." || file.name == ".." ||
      file.name.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
    return Error{ErrorCode::kUsage, "not the plain name of a file: \"" + file.name + "\""};
  return {};
}

Result<Isolated> isolated(const Words& command, const std::vector<File>& files, const Limits& limits) {
  Isolated out;
  std::array<int, 2> status{};
  if (::pipe2(status.data(), O_CLOEXEC) != 0) return io_error("pipe", errno);
  out.status = FileHandle(status[0]);
  const std::string status_number = inherit(out, FileHandle(status[1]));

  Words words;
  // The kernel puts no limit on the number of root's processes, not even in a user namespace.
  if (::geteuid() == 0) add(words, {"setpriv", "--reuid", kNobody, "--regid", kNobody, "--clear-groups", "--"});
  add(words, {"bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"});
  add(words, {"--json-status-fd", status_number});
  const Bytes filter = seccomp_filter();
  if (!filter.empty()) {
    KOAN_ASSIGN(FileHandle file, memory_file(filter));
    add(words, {"--seccomp", inherit(out, std::move(file))});
  }
  add_system(words);
  add(words, {"--symlink", kScratch, "/dev/shm", "--perms", "0700", "--size", std::to_string(limits.disk)});
  add(words, {"--tmpfs", kScratch});
  for (const File& file : files) {
    KOAN_TRY(check_name(file));
    KOAN_ASSIGN(FileHandle content, memory_file(as_bytes(file.content)));
    add(words, {"--file", inherit(out, std::move(content)), kScratch + ("/" + file.name)});
  }
  add(words, {"--remount-ro", "/", "--chdir", kScratch, "--"});
  add_limits(words, limits, limits.processes + 1);
  words.insert(words.end(), command.begin(), command.end());
  out.spawn.command = std::move(words);
  out.spawn.environment = {kPath, std::string("HOME=") + kScratch, std::string("TMPDIR=") + kScratch, "LANG=C.UTF-8"};
  out.spawn.group = Spawn::Group::kOwn;
  KOAN_TRY(pass_on(out));
  return out;
}

Spawn limited(const Words& command, const std::string& folder, const Limits& limits) {
  Spawn out;
  // The user's other processes would count, so their number is only watched.
  add_limits(out.command, limits, 0);
  out.command.insert(out.command.end(), command.begin(), command.end());
  out.environment = {kPath, "HOME=" + folder, "TMPDIR=" + folder, "LANG=C.UTF-8"};
  out.folder = folder;
  out.group = Spawn::Group::kSession;
  return out;
}

}  // namespace koan::sandbox
