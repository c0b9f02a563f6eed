#include "cli/train_program.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "cli/model_places.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "koan-train";

std::vector<fs::path> folders() {
  std::vector<fs::path> out;
  if (const fs::path self = own_program(); !self.empty()) {
    out.push_back(self.parent_path());
    out.push_back(self.parent_path().parent_path() / "libexec" / "koan");
  }
  for (const std::string& folder : paths_in("PATH")) out.emplace_back(folder);
  return out;
}

}  // namespace

const char* const kTrainProgramMissing =
    "adapt needs koan-train, which is built separately because it takes LibTorch. In koan's source folder:\n"
    "  apt-get install libtorch-dev libopenblas-dev\n"
    "  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DKOAN_TRAIN=ON\n"
    "  cmake --build build --target koan-cli koan-train\n"
    "Both programs are then in build/; koan looks for koan-train beside itself, in ../libexec/koan, and on PATH.";

std::string own_program() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string() : self.string();
}

std::string find_train_program() {
  for (const fs::path& folder : folders()) {
    const std::string path = (folder / kName).string();
    std::error_code ignored;
    if (::access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, ignored)) return path;
  }
  return {};
}

}  // namespace koan::cli
