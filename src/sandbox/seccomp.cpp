#include "sandbox/seccomp.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <vector>

namespace koan::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__s390x__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_S390X;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif
constexpr std::uint32_t kX32 = 0x40000000;  // and above: x86-64's second set of numbers for the same calls

// Memory that belongs to no process (memfd, System V), asynchronous ways around this filter (io_uring), and parts of
// the kernel that are only of use to attack it.
constexpr long kMemfdSecret = 447;  // newer than the headers of some systems
constexpr long kRefused[] = {SYS_memfd_create,
                             kMemfdSecret,
                             SYS_shmget,
                             SYS_msgget,
                             SYS_semget,
                             SYS_io_uring_setup,
                             SYS_bpf,
                             SYS_userfaultfd,
                             SYS_perf_event_open,
                             SYS_add_key,
                             SYS_keyctl,
                             SYS_request_key,
                             SYS_name_to_handle_at,
                             SYS_open_by_handle_at};
constexpr int kFamilies[] = {AF_UNIX, AF_INET, AF_INET6};  // AF_VSOCK would reach the host of a virtual machine

constexpr std::uint32_t refuse(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

class Program {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void end(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }
  // What was loaded compared with `value`: this verdict if it is so.
  void end_if(int comparison, std::uint32_t value, std::uint32_t verdict) {
    code_.push_back({static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), 0, 1, value});
    end(verdict);
  }
  void end_unless(std::uint32_t value, std::uint32_t verdict) {
    code_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value});
    end(verdict);
  }
  // Jumps over the next `count` instructions unless it is `value`.
  void skip_unless(std::uint32_t value, std::uint8_t count) {
    code_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, count, value});
  }
  Bytes bytes() const {
    Bytes out(code_.size() * sizeof(sock_filter));
    std::memcpy(out.data(), code_.data(), out.size());
    return out;
  }

 private:
  void add(std::uint16_t what, std::uint32_t value) { code_.push_back({what, 0, 0, value}); }
  std::vector<sock_filter> code_;
};

}  // namespace

Bytes seccomp_filter() {
  if (kArchitecture == 0) return {};
  constexpr std::size_t kFamily = offsetof(seccomp_data, args) + (std::endian::native == std::endian::big ? 4 : 0);
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.end_unless(kArchitecture, SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  if (kArchitecture == AUDIT_ARCH_X86_64) program.end_if(BPF_JGE, kX32, refuse(ENOSYS));
  for (const long call : kRefused) program.end_if(BPF_JEQ, static_cast<std::uint32_t>(call), refuse(EPERM));
  program.skip_unless(SYS_socket, 2 * std::size(kFamilies) + 2);
  program.load(kFamily);
  for (const int family : kFamilies) program.end_if(BPF_JEQ, static_cast<std::uint32_t>(family), SECCOMP_RET_ALLOW);
  program.end(refuse(EAFNOSUPPORT));
  program.end(SECCOMP_RET_ALLOW);
  return program.bytes();
}

}  // namespace koan::sandbox
