#include "cli/model_names.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "cli/adapter_store.h"
#include "cli/model_caches.h"
#include "cli/model_file.h"
#include "cli/model_places.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "import/hf_model.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_path(const std::string& word) {
  const bool begins = word.starts_with("/") || word.starts_with("./") || word.starts_with("../");
  return begins || word == "." || word == ".." || word.ends_with("/") ||
         (word.ends_with(".gguf") && !word.starts_with("hf://"));
}

// One list of the paths that a word may mean, without those that are the same file.
class Search {
 public:
  explicit Search(const std::string& word) : word_(word) {}

  Result<NamedModel> run() {
    if (is_there(word_) && (!is_folder(word_) || is_there(word_ + "/config.json"))) add(word_);
    for (const std::string& folder : model_folders()) {
      searched_.push_back(folder);
      if (is_adapter_name(word_) && is_there(folder + "/" + word_ + ".gguf")) add(folder + "/" + word_ + ".gguf");
    }
    KOAN_TRY(look(hub_caches(), find_in_hub));
    KOAN_TRY(look(llama_caches(), find_in_llama_cache));
    KOAN_TRY(look(ollama_caches(), find_in_ollama));
    if (found_.size() == 1) return NamedModel{std::nullopt, found_[0], is_folder(found_[0])};
    if (found_.empty()) return unknown();
    return Error{ErrorCode::kUsage, "model " + word_ + " may be any of " + list(found_) + "; give its path"};
  }

 private:
  using Find = Result<std::vector<std::string>> (*)(const std::string&, const std::string&);

  Status look(const std::vector<std::string>& roots, Find find) {
    for (const std::string& root : roots) {
      searched_.push_back(root);
      KOAN_ASSIGN(const std::vector<std::string> paths, find(root, word_));
      for (const std::string& path : paths) add(path);
    }
    return {};
  }

  void add(const std::string& path) {
    std::error_code failed;
    const bool known = std::any_of(found_.begin(), found_.end(),
                                   [&](const std::string& other) { return fs::equivalent(other, path, failed); });
    if (!known) found_.push_back(path);
  }

  static std::string list(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
    return out;
  }

  Error unknown() const {
    std::string embedded;
    for (const EmbeddedModel& model : embedded_models())
      embedded += (embedded.empty() ? "" : ", ") + std::string(model.name);
    const std::string folder = is_folder(word_) ? " (the folder " + word_ + " has no config.json)" : "";
    return Error{ErrorCode::kUsage, "model " + word_ + ": neither embedded (" + embedded + ") nor a file or folder" +
                                        folder + " nor a name in " + list(searched_)};
  }

  const std::string& word_;
  std::vector<std::string> found_, searched_;
};

HfFolder open_folder(const std::string& path) {
  HfFolder out;
  out.names = names_in(path);
  out.read = [path](const std::string& name, std::uint64_t most) { return read_file(path + "/" + name, most); };
  return out;
}

}  // namespace

Result<NamedModel> find_model(const std::string& word) {
  if (const auto embedded = find_embedded(word)) return NamedModel{embedded, {}, false};
  if (is_path(word)) return NamedModel{std::nullopt, word, is_folder(word)};
  return Search(word).run();
}

ByteView ModelBytes::gguf() const noexcept { return embedded ? embedded_models()[*embedded].gguf : ByteView(owned); }

Result<ModelBytes> read_model(const NamedModel& model, const ReadProgress& progress) {
  ModelBytes out;
  out.embedded = model.embedded;
  out.path = model.path;
  if (model.embedded) return out;
  if (!model.is_folder) {
    KOAN_ASSIGN(out.owned, read_model_file(model.path));
    return out;
  }
  auto made = import_hf(open_folder(model.path), [&](std::uint64_t done, std::uint64_t total) {
    return !interrupted() && (!progress || progress(static_cast<double>(done) / static_cast<double>(total)));
  });
  if (!made) return std::move(made).error().in(model.path);
  out.owned = *std::move(made);
  return out;
}

Result<ModelBytes> read_model(const std::string& word, const ReadProgress& progress) {
  KOAN_ASSIGN(const NamedModel model, find_model(word));
  return read_model(model, progress);
}

}  // namespace koan::cli
