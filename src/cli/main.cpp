// The koan command (docs/cli.md).
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

int run_verb(int argc, const char* const* argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  const std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  // Before the signal handlers: another program takes over, and the signals with it.
  if (verb == "adapt") return run_adapt(words);
  install_signal_handlers();
  if (verb == "adapters") return run_adapters(words);
  if (verb == "eval") return run_eval(words);
  if (verb == "report") return run_report(words);
  if (verb == "generate") return run_generate(words);
  if (verb == "ask") return run_ask(words);
  if (verb == "rewrite") return run_rewrite(words);
  if (verb == "models") {
    if (const auto ended = run_models_store(words)) return *ended;
  }
  int code = kExitOk;
  if (const auto arguments = parse_arguments(argc, argv, &code)) {
    switch (arguments->verb) {
      case Verb::kCompress:
        code = run_compress(*arguments);
        break;
      case Verb::kDecompress:
        code = run_decompress(*arguments);
        break;
      case Verb::kTest:
        code = run_test(*arguments);
        break;
      case Verb::kList:
        code = arguments->list_records ? run_list_records(*arguments) : run_list(*arguments);
        break;
      case Verb::kModels:
        code = run_models(*arguments);
        break;
      case Verb::kBench:
        code = run_bench(*arguments);
        break;
    }
  }
  return code;
}

int run(int argc, const char* const* argv) {
  reserve_standard_descriptors();
  int code = run_verb(argc, argv);
  if (std::fflush(stdout) != 0 && code == kExitOk) {
    complain("stdout: write failed");
    code = kExitIo;
  }
  return code;
}

}  // namespace
}  // namespace koan::cli

int main(int argc, char** argv) {
  try {
    return koan::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("koan: out of memory\n", stderr);
    return koan::cli::kExitLimit;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "koan: internal error: %s\n", error.what());
    return koan::cli::kExitInternal;
  }
}
