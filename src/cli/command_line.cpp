#include "cli/command_line.h"

#include <sched.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {

bool parse_words(CLI::App& app, std::span<const std::string> words, const std::string& command, int* code) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    return true;
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help() << std::flush;
    *code = kExitOk;
  } catch (const CLI::ParseError& error) {
    complain(error.what());
    say("Try '" + command + " --help'.");
    *code = kExitUsage;
  }
  return false;
}

int end_with(const Status& status) {
  if (status) return kExitOk;
  complain(status.error().message);
  return exit_code(status.error().code);
}

unsigned available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int n = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n > 0 ? static_cast<unsigned>(n) : 1;
}

}  // namespace koan::cli
