// The koan command (docs/cli.md).
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

int run(int argc, const char* const* argv) {
  reserve_standard_descriptors();
  install_signal_handlers();
  int code = kExitOk;
  const bool is_eval = argc > 1 && std::string_view(argv[1]) == "eval";
  const auto arguments = is_eval ? std::nullopt : parse_arguments(argc, argv, &code);
  if (is_eval) code = run_eval({argv + 2, argv + argc});
  if (arguments) {
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
        code = run_list(*arguments);
        break;
      case Verb::kModels:
        code = run_models(*arguments);
        break;
      case Verb::kBench:
        code = run_bench(*arguments);
        break;
    }
  }
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
