// The processes of a program and the memory that they hold, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>

namespace koan::sandbox {

// Follows a process and its descendants. In a pid namespace that is all of it, since an orphan becomes a child of the
// namespace's first process.
class Processes {
 public:
  explicit Processes(pid_t root) : members_{root} {}

  void look();  // again
  const std::set<pid_t>& members() const noexcept { return members_; }
  // Bytes. A page that several processes share is counted for each, unless that makes it exceed `enough`: then it is
  // divided among them where the kernel tells.
  std::uint64_t memory(std::uint64_t enough) const;

 private:
  std::set<pid_t> members_;
  std::set<pid_t> strangers_;  // seen before, not ours; forgotten now and then since numbers are used again
  std::uint32_t looks_ = 0;
};

}  // namespace koan::sandbox
