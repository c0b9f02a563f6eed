#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstring>

#include "cli/exit_code.h"

namespace koan::cli {
namespace {

volatile std::sig_atomic_t stop = 0;
volatile std::sig_atomic_t removal_set = 0;
char removal_path[PATH_MAX];  // read by the handler only while removal_set

void on_signal(int) {
  if (stop != 0) {
    if (removal_set != 0) ::unlink(removal_path);
    ::_exit(kExitInterrupted);
  }
  stop = 1;
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // no SA_RESTART: a read that waits must notice
  ::sigaction(SIGTERM, &action, nullptr);
  // A shell starts background jobs with SIGINT ignored; keep it so.
  for (const int number : {SIGINT, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() noexcept { return stop != 0; }
StopFlag stop_flag() noexcept { return &stop; }

void die_of_closed_pipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  ::_exit(kExitIo);
}

void reserve_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    // The wrong direction on purpose: using a closed stdin or stdout stays an error.
    if (::fcntl(fd, F_GETFD) == -1) (void)!::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

EmergencyRemoval::EmergencyRemoval(const std::string& path) noexcept {
  if (path.empty() || path.size() >= sizeof removal_path) return;
  std::memcpy(removal_path, path.c_str(), path.size() + 1);
  removal_set = 1;
}
EmergencyRemoval::~EmergencyRemoval() { removal_set = 0; }

}  // namespace koan::cli
