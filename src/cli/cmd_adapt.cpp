// koan adapt: hands its arguments to koan-train, which has LibTorch, together with the model that they name, or the
// first embedded one if they name none. koan-train takes this process over, so signals and the exit code are its own.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/model_names.h"
#include "cli/report.h"
#include "cli/train_program.h"
#include "codec/model_store.h"

namespace koan::cli {
namespace {

// Where the words name the base model: it is words[word] from `at` on. Nothing: they do not.
struct ModelWord {
  std::size_t word = 0, at = 0;
};
std::optional<ModelWord> find_model_word(const std::vector<std::string>& words) {
  constexpr std::string_view kLong = "--model=";
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if ((word == "--model" || word == "-m") && i + 1 < words.size()) return ModelWord{i + 1, 0};
    if (word.starts_with(kLong)) return ModelWord{i, kLong.size()};
    if (word.starts_with("-m") && word.size() > 2) return ModelWord{i, 2};
  }
  return std::nullopt;
}

bool asks_for_help(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& w) { return w == "-h" || w == "--help"; });
}

// A file in memory that the next program inherits, as a path. The name of the model is inside.
Result<std::string> share(ByteView gguf) {
  FileHandle file(::memfd_create("koan-model", 0));
  if (!file.is_open()) return io_error("cannot pass the model on", errno);
  FileSink sink(file.fd(), "model in memory");
  KOAN_TRY(sink.write(gguf));
  return "/proc/self/fd/" + std::to_string(file.release());
}

// The words with what is read as a model in place of its name, or of none.
Result<std::vector<std::string>> with_model(std::vector<std::string> words) {
  const std::optional<ModelWord> given = find_model_word(words);
  if (!given) {
    if (asks_for_help(words)) return words;  // nothing will be loaded
    KOAN_ASSIGN(const std::string path, share(embedded_models()[0].gguf));
    // Before the rest, where "--" cannot hide them.
    words.insert(words.begin(), {"--model", path});
    return words;
  }
  const std::string name = words[given->word].substr(given->at);
  KOAN_ASSIGN(const NamedModel model, find_model(name));
  std::string path = model.path;
  if (model.embedded || model.is_folder) {
    KOAN_ASSIGN(const ModelBytes bytes, read_model(model));
    KOAN_ASSIGN(path, share(bytes.gguf()));
  }
  words[given->word].replace(given->at, std::string::npos, path);
  return words;
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
  const auto rest = with_model(words);
  if (!rest) {
    complain(rest.error().message);
    return exit_code(rest.error().code);
  }
  arguments.insert(arguments.end(), rest->begin(), rest->end());
  std::vector<char*> pointers;
  for (std::string& word : arguments) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  complain(program + ": cannot be run: " + std::strerror(errno));
  return kExitUsage;
}

}  // namespace koan::cli
