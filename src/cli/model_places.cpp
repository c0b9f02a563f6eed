#include "cli/model_places.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

std::string below_home(const std::string& path) {
  const std::string home = environment("HOME");
  return home.empty() ? "" : home + path;
}

// The XDG specification: a relative path there is to be ignored.
std::string user_folder(const char* variable, const std::string& otherwise) {
  const std::string xdg = environment(variable);
  return !xdg.empty() && xdg.front() == '/' ? xdg : below_home(otherwise);
}

std::string user_cache() { return user_folder("XDG_CACHE_HOME", "/.cache"); }

std::string koan_in(const std::string& folder) { return folder.empty() ? "" : folder + "/koan"; }

std::vector<std::string> only(const std::string& path) {
  return path.empty() ? std::vector<std::string>() : std::vector<std::string>{path};
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> paths_in(const char* variable) {
  std::vector<std::string> out;
  const std::string listed = environment(variable);
  for (std::size_t start = 0; start < listed.size();) {
    const std::size_t end = std::min(listed.find(':', start), listed.size());
    if (end != start) out.push_back(listed.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

std::string data_folder() { return koan_in(user_folder("XDG_DATA_HOME", "/.local/share")); }

std::string model_store() {
  const std::string data = data_folder();
  return data.empty() ? "" : data + "/models";
}

std::vector<std::string> model_folders() {
  std::vector<std::string> out = paths_in("KOAN_MODELS");
  if (const std::string store = model_store(); !store.empty()) out.push_back(store);
  return out;
}

std::string cache_folder() { return koan_in(user_cache()); }

std::string config_file() {
  const std::string folder = koan_in(user_folder("XDG_CONFIG_HOME", "/.config"));
  return folder.empty() ? "" : folder + "/config.toml";
}

std::string state_folder() { return koan_in(user_folder("XDG_STATE_HOME", "/.local/state")); }

std::vector<std::string> hub_caches() {
  if (const std::string hub = environment("HF_HUB_CACHE"); !hub.empty()) return {hub};
  if (const std::string home = environment("HF_HOME"); !home.empty()) return {home + "/hub"};
  const std::string cache = user_cache();
  return only(cache.empty() ? "" : cache + "/huggingface/hub");
}

std::vector<std::string> llama_caches() {
  if (const std::string cache = environment("LLAMA_CACHE"); !cache.empty()) return {cache};
  const std::string cache = user_cache();
  return only(cache.empty() ? "" : cache + "/llama.cpp");
}

std::vector<std::string> ollama_caches() {
  if (const std::string models = environment("OLLAMA_MODELS"); !models.empty()) return {models};
  std::vector<std::string> out = only(below_home("/.ollama/models"));
  out.emplace_back("/usr/share/ollama/.ollama/models");  // of the service
  return out;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
    out.push_back(it->path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> gguf_files(const std::string& folder) {
  std::vector<std::string> out;
  for (const std::string& name : names_in(folder))
    if (fs::path(name).extension() == ".gguf") out.push_back((fs::path(folder) / name).string());
  return out;
}

}  // namespace koan::cli
