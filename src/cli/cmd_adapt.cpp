// koan adapt: hands its arguments to koan-train, which has LibTorch, together with the embedded model. koan-train takes
// this process over, so signals and the exit code are its own.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "codec/model_store.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMissing =
    "adapt needs koan-train, which is built separately because it takes LibTorch. In koan's source folder:\n"
    "  apt-get install libtorch-dev libopenblas-dev\n"
    "  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DKOAN_TRAIN=ON\n"
    "  cmake --build build --target koan-cli koan-train\n"
    "Both programs are then in build/; koan looks for koan-train beside itself, in ../libexec/koan, and on PATH.";

bool gives_model(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--model" || word.rfind("--model=", 0) == 0 || (word.rfind("-m", 0) == 0 && word.size() >= 2 && word[1] == 'm'))
      return true;
    if (word == "-h" || word == "--help") return true;  // nothing will be loaded
  }
  return false;
}

// A file in memory that the next program inherits, as a path.
Result<std::string> share_embedded_model() {
  FileHandle file(::memfd_create("koan-model", 0));
  if (!file.is_open()) return io_error("cannot pass the embedded model on", errno);
  FileSink sink(file.fd(), "embedded model");
  KOAN_TRY(sink.write(embedded_models()[0].gguf));
  return "/proc/self/fd/" + std::to_string(file.release());
}

// Places to look in, in order; the last is looked up in PATH.
std::vector<std::string> candidates() {
  std::vector<std::string> out;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    out.push_back((self.parent_path() / "koan-train").string());
    out.push_back((self.parent_path().parent_path() / "libexec" / "koan" / "koan-train").string());
  }
  out.emplace_back("koan-train");
  return out;
}

}  // namespace

int run_adapt(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {"koan-train", "adapt"};
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
  for (const std::string& path : candidates()) {
    ::execvp(path.c_str(), pointers.data());
    if (errno != ENOENT && errno != ENOTDIR) {
      complain(path + ": cannot be run: " + std::strerror(errno));
      return kExitUsage;
    }
  }
  complain(kMissing);
  return kExitUsage;
}

}  // namespace koan::cli
