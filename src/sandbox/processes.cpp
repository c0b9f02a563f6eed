#include "sandbox/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace koan::sandbox {
namespace {

constexpr std::uint32_t kLooksRemembered = 64;

// The beginning of a file of /proc; empty if the process is gone or hides it.
std::string proc_text(pid_t pid, const char* name) {
  const FileHandle file(::open(("/proc/" + std::to_string(pid) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return {};
  std::array<char, 4096> text;
  const ssize_t n = ::read(file.fd(), text.data(), text.size() - 1);
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

// 0 if it is gone. The name in brackets may hold anything, so the fields are counted from its end.
pid_t parent_of(pid_t pid) {
  const std::string stat = proc_text(pid, "stat");
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos || end + 4 > stat.size()) return 0;
  return std::atoi(stat.c_str() + end + 4);  // ") S 123"
}

// Of the line that begins with `field`, "\nName:".
std::uint64_t kilobytes(const std::string& text, std::string_view field) {
  const std::size_t at = text.find(field);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + field.size(), nullptr, 10);
}

std::uint64_t resident(pid_t pid) {
  const std::string text = proc_text(pid, "status");
  return kilobytes(text, "\nRssAnon:") + kilobytes(text, "\nRssShmem:") + kilobytes(text, "\nVmSwap:");
}

std::uint64_t proportional(pid_t pid) {
  const std::string text = proc_text(pid, "smaps_rollup");
  if (text.empty()) return resident(pid);
  return kilobytes(text, "\nPss_Anon:") + kilobytes(text, "\nPss_Shmem:") + kilobytes(text, "\nSwapPss:");
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> out;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return out;
  while (const dirent* entry = ::readdir(folder)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid > 0) out.push_back(pid);
  }
  ::closedir(folder);
  return out;
}

}  // namespace

void Processes::look() {
  if (looks_++ % kLooksRemembered == 0) strangers_.clear();
  std::set<pid_t> alive;
  std::vector<std::pair<pid_t, pid_t>> fresh;  // and its parent
  for (const pid_t pid : all_processes()) {
    if (members_.contains(pid)) {
      alive.insert(pid);
    } else if (!strangers_.contains(pid)) {
      fresh.emplace_back(pid, parent_of(pid));
    }
  }
  // A parent may come behind its child in the list, or be one of them that is gone already.
  for (bool found = true; found;) {
    found = false;
    for (auto& [pid, parent] : fresh) {
      if (pid == 0 || !(alive.contains(parent) || members_.contains(parent))) continue;
      alive.insert(pid);
      pid = 0;
      found = true;
    }
  }
  for (const auto& [pid, parent] : fresh) {
    if (pid != 0 && parent != 0) strangers_.insert(pid);
  }
  members_ = std::move(alive);
}

std::uint64_t Processes::memory(std::uint64_t enough) const {
  std::uint64_t sum = 0;
  for (const pid_t pid : members_) sum += resident(pid) * 1024;
  if (sum <= enough) return sum;
  sum = 0;
  for (const pid_t pid : members_) sum += proportional(pid) * 1024;
  return sum;
}

}  // namespace koan::sandbox
