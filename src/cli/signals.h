// Ctrl-C and termination: the first signal asks the work to stop and clean up, the second ends at once.
#pragma once

#include <string>

#include "base/file.h"

namespace koan::cli {

void install_signal_handlers();
bool interrupted() noexcept;
StopFlag stop_flag() noexcept;
// Ends as a program does that writes to a closed pipe: by SIGPIPE, without a word.
[[noreturn]] void die_of_closed_pipe();
// Descriptors 0 to 2 exist after this, so that no file of ours becomes stdout by accident.
void reserve_standard_descriptors();

// While it lives, a second signal removes this file before it ends the process.
class EmergencyRemoval {
 public:
  explicit EmergencyRemoval(const std::string& path) noexcept;
  ~EmergencyRemoval();
  EmergencyRemoval(const EmergencyRemoval&) = delete;
  EmergencyRemoval& operator=(const EmergencyRemoval&) = delete;
};

}  // namespace koan::cli
