// koan adapt: hands its arguments to koan-train, which has LibTorch, together with the embedded model. koan-train takes
// this process over, so signals and the exit code are its own.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/train_program.h"
#include "codec/model_store.h"

namespace koan::cli {
namespace {

bool gives_model(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--model" || word.starts_with("--model=") || word.starts_with("-m")) return true;
    if (word == "-h" || word == "--help") return true;  // nothing will be loaded
  }
  return false;
}

// A file in memory that the next program inherits, as a path. The name of the model is inside.
Result<std::string> share_embedded_model() {
  FileHandle file(::memfd_create("koan-model", 0));
  if (!file.is_open()) return io_error("cannot pass the embedded model on", errno);
  FileSink sink(file.fd(), "embedded model");
  KOAN_TRY(sink.write(embedded_model()));
  return "/proc/self/fd/" + std::to_string(file.release());
}

}  // namespace

int run_adapt(const std::vector<std::string>& words) {
  const std::string program = find_train_program();
  if (program.empty()) {
    // Not by complain(), which would show the line ends.
    std::fprintf(stderr, "koan: %s\n", kTrainProgramMissing);
    return kExitUsage;
  }
  std::vector<std::string> arguments = {"koan", "adapt"};  // as it is to call itself in its help
  if (!gives_model(words)) {
    auto model = share_embedded_model();
    if (!model) {
      complain(model.error().message);
      return exit_code(model.error().code);
    }
    // Before the rest, where "--" cannot hide them.
    arguments.insert(arguments.end(), {"--model", *model});
  }
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (std::string& word : arguments) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  complain(program + ": cannot be run: " + std::strerror(errno));
  return kExitUsage;
}

}  // namespace koan::cli
