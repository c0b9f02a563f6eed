#include "cli/model_caches.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/file.h"
#include "cli/model_file.h"
#include "cli/model_places.h"
#include "formats/json_document.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifest = std::size_t{1} << 20;
constexpr std::size_t kMaxRef = 100;

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A name that may become part of a path.
bool is_plain(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= 200 && name[0] != '.' && std::all_of(name.begin(), name.end(), fits);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  for (std::size_t start = 0;;) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    out.push_back(text.substr(start, end - start));
    if (end == text.size()) return out;
    start = end + 1;
  }
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// "org/name", "org/name:QUANT", "org/name@REVISION", "hf://org/name/FILE".
struct HubName {
  std::string org, name, quant, revision = "main", file;
  bool valid = false;
};

HubName parse_hub_name(std::string word) {
  HubName out;
  const bool scheme = word.starts_with("hf://");
  if (scheme) word = word.substr(5);
  std::vector<std::string> parts = split(word, '/');
  if (parts.size() < 2 || (parts.size() > 2 && !scheme)) return out;
  out.org = parts[0];
  std::string name = parts[1];
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (!is_plain(parts[i])) return out;
    out.file += (i == 2 ? "" : "/") + parts[i];
  }
  if (const std::size_t colon = name.find(':'); colon != std::string::npos) {
    out.quant = name.substr(colon + 1);
    name.resize(colon);
    if (!is_plain(out.quant)) return out;
  }
  if (const std::size_t at = name.find('@'); at != std::string::npos) {
    out.revision = name.substr(at + 1);
    name.resize(at);
  }
  out.name = name;
  out.valid = is_plain(out.org) && is_plain(out.name) && is_plain(out.revision);
  return out;
}

// A branch or tag holds the commit; a revision may be one itself.
Result<std::string> snapshot_of(const std::string& repository, const std::string& revision) {
  std::string commit = revision;
  const std::string ref = repository + "/refs/" + revision;
  if (is_there(ref)) {
    KOAN_ASSIGN(const Bytes text, read_file(ref, kMaxRef));
    commit = std::string(as_text(text));
    commit.resize(commit.find_last_not_of(" \r\n") + 1);
    if (!is_plain(commit)) return Error{ErrorCode::kCorrupt, ref + ": holds no commit"};
  }
  const std::string snapshot = repository + "/snapshots/" + commit;
  return is_there(snapshot) ? snapshot : "";
}

// Of the files in a folder and the folders in it: models, not what belongs to them.
std::vector<std::string> models_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const std::string& name : names_in(folder)) {
    std::error_code ignored;
    const std::string path = folder + "/" + name;
    std::vector<std::string> found = {path};
    if (fs::is_directory(path, ignored)) found = gguf_files(path);
    for (const std::string& file : found) {
      const std::string plain = fs::path(file).filename().string();
      const bool beside = plain.starts_with("mmproj") || plain.starts_with("mtp-");
      if (plain.ends_with(".gguf") && !beside && !is_later_part(file)) out.push_back(file);
    }
  }
  return out;
}

// Those whose name says this quantisation, which of them there must be one of.
Result<std::vector<std::string>> choose(std::vector<std::string> files, const std::string& quant,
                                        const std::string& word) {
  const std::string all = [&] {
    std::string out;
    for (const std::string& file : files) out += (out.empty() ? "" : ", ") + fs::path(file).filename().string();
    return out;
  }();
  if (!quant.empty()) {
    const auto other = [&](const std::string& file) {
      return lower(fs::path(file).filename().string()).find(lower(quant)) == std::string::npos;
    };
    files.erase(std::remove_if(files.begin(), files.end(), other), files.end());
  }
  if (files.size() == 1 || all.empty()) return files;
  return Error{ErrorCode::kUsage, "model " + word + ": " + (files.empty() ? "no such file" : "several files") +
                                      " among " + all + "; say which, as in org/name:Q8_0"};
}

struct OllamaName {
  std::string path;  // below manifests/; empty: no such name
};

// [HOST/][NAMESPACE/]NAME[:TAG]
OllamaName parse_ollama_name(const std::string& word) {
  std::vector<std::string> parts = split(word, '/');
  if (parts.size() > 3) return {};
  if (parts.size() == 1) parts.insert(parts.begin(), "library");
  if (parts.size() == 2) parts.insert(parts.begin(), "registry.ollama.ai");
  const std::vector<std::string> last = split(parts[2], ':');
  if (last.size() > 2) return {};
  const std::string tag = last.size() == 2 ? last[1] : "latest";
  if (!is_plain(parts[0]) || !is_plain(parts[1]) || !is_plain(last[0]) || !is_plain(tag)) return {};
  return {parts[0] + "/" + parts[1] + "/" + last[0] + "/" + tag};
}

// The blob of a layer whose digest is "sha256:HEX".
Result<std::string> blob_of(const std::string& root, const JsonDocument& layer) {
  const auto digest = layer.find("digest");
  const std::string text = digest == layer.end() || !digest->is_string() ? "" : digest->get<std::string>();
  const bool hex = text.size() == 71 && text.starts_with("sha256:") &&
                   text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
  if (!hex) return Error{ErrorCode::kCorrupt, "field 'layers.digest' is not a SHA-256"};
  const std::string path = root + "/blobs/sha256-" + text.substr(7);
  if (!is_there(path)) return Error{ErrorCode::kCorrupt, "names " + path + ", which is not there"};
  return path;
}

Result<std::string> model_of_manifest(const std::string& root, std::string_view text) {
  KOAN_ASSIGN(const JsonDocument json, parse_json_document(text, kMaxManifest));
  const auto layers = json.find("layers");
  if (layers == json.end() || !layers->is_array()) return Error{ErrorCode::kCorrupt, "field 'layers' is not a list"};
  std::string out;
  for (const JsonDocument& layer : *layers) {
    const auto type = layer.is_object() ? layer.find("mediaType") : layer.end();
    if (!layer.is_object() || type == layer.end() || !type->is_string())
      return Error{ErrorCode::kCorrupt, "field 'layers.mediaType' is missing"};
    const std::string kind = type->get<std::string>();
    if (kind == "application/vnd.ollama.image.adapter")
      return Error{ErrorCode::kNotSupported, "is a model with an adapter, which koan does not take from there"};
    if (kind != "application/vnd.ollama.image.model") continue;
    if (!out.empty()) return Error{ErrorCode::kNotSupported, "has several model layers"};
    KOAN_ASSIGN(out, blob_of(root, layer));
  }
  if (out.empty()) return Error{ErrorCode::kNotSupported, "has no GGUF model"};
  return out;
}

}  // namespace

Result<std::vector<std::string>> find_in_hub(const std::string& root, const std::string& word) {
  using Paths = std::vector<std::string>;
  const HubName wanted = parse_hub_name(word);
  if (!wanted.valid) return Paths();
  const std::string repository = root + "/models--" + wanted.org + "--" + wanted.name;
  if (!is_there(repository)) return Paths();
  KOAN_ASSIGN(const std::string snapshot, snapshot_of(repository, wanted.revision));
  if (snapshot.empty()) return Paths();
  if (!wanted.file.empty())
    return is_there(snapshot + "/" + wanted.file) ? Paths{snapshot + "/" + wanted.file} : Paths();
  const std::vector<std::string> names = names_in(snapshot);
  const bool has_weights =
      std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".safetensors"); });
  if (wanted.quant.empty() && has_weights && is_there(snapshot + "/config.json")) return Paths{snapshot};
  return choose(models_in(snapshot), wanted.quant, word);
}

Result<std::vector<std::string>> find_in_llama_cache(const std::string& root, const std::string& word) {
  std::vector<std::string> files;
  const HubName wanted = parse_hub_name(word);
  if (!wanted.valid) {
    const std::string path = root + "/" + word + ".gguf";
    if (is_plain(word) && is_there(path)) files.push_back(path);
    return files;
  }
  KOAN_ASSIGN(files, find_in_hub(root, word));  // where newer versions keep them
  if (!files.empty()) return files;
  for (const std::string& path : models_in(root)) {
    if (fs::path(path).filename().string().starts_with(wanted.org + "_" + wanted.name + "_")) files.push_back(path);
  }
  return choose(files, wanted.quant, word);
}

Result<std::vector<std::string>> find_in_ollama(const std::string& root, const std::string& word) {
  using Paths = std::vector<std::string>;
  const OllamaName wanted = parse_ollama_name(word);
  const std::string path = root + "/manifests/" + wanted.path;
  std::error_code ignored;
  if (wanted.path.empty() || !fs::is_regular_file(path, ignored)) return Paths();
  KOAN_ASSIGN(const Bytes text, read_file(path, kMaxManifest));
  auto model = model_of_manifest(root, as_text(text));
  if (!model) return std::move(model).error().in(path);
  return Paths{*model};
}

std::vector<std::string> gguf_files_of_hub(const std::string& root) {
  std::vector<std::string> out;
  for (const std::string& repository : names_in(root)) {
    if (!repository.starts_with("models--")) continue;
    const std::string snapshots = root + "/" + repository + "/snapshots";
    for (const std::string& commit : names_in(snapshots)) {
      const std::vector<std::string> found = models_in(snapshots + "/" + commit);
      out.insert(out.end(), found.begin(), found.end());
    }
  }
  return out;
}

}  // namespace koan::cli
