#include "cli/session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxModelBytes = std::uint64_t{8} << 30;
constexpr std::uint64_t kMaxAdapterBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxContextBytes = std::uint64_t{16} << 20;  // as the library

Status add_model_file(koan::Codec& codec, const std::string& path, bool make_default) {
  KOAN_ASSIGN(const Bytes gguf, read_file(path, kMaxModelBytes));
  const koan::Failure failure = codec.add_model(gguf, make_default);
  if (failure.code != KOAN_OK) return error_of(failure).in(path);
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string koan_data_folder() {
  const std::string data = environment("XDG_DATA_HOME"), home = environment("HOME");
  // The XDG specification: a relative path there is to be ignored.
  if (!data.empty() && data.front() == '/') return data + "/koan";
  return home.empty() ? "" : home + "/.local/share/koan";
}

// Where models are looked for, in the order of docs/cli.md.
std::vector<std::string> model_folders() {
  std::vector<std::string> out;
  const std::string listed = environment("KOAN_MODELS");
  for (std::size_t start = 0; start < listed.size();) {
    const std::size_t end = std::min(listed.find(':', start), listed.size());
    if (end != start) out.push_back(listed.substr(start, end - start));
    start = end + 1;
  }
  const std::string data_folder = koan_data_folder();
  if (!data_folder.empty()) out.push_back(data_folder + "/models");
  return out;
}

std::vector<std::string> gguf_files(const std::vector<std::string>& folders) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    std::error_code ignored;
    std::vector<std::string> found;
    for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
      if (it->path().extension() == ".gguf") found.push_back(it->path().string());
    }
    std::sort(found.begin(), found.end());
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

using AdapterHash = std::array<std::uint8_t, 32>;

Result<AdapterHash> add_adapter_file(koan::Codec& codec, const std::string& path) {
  KOAN_ASSIGN(const Bytes gguf, read_file(path, kMaxAdapterBytes));
  const auto added = codec.add_adapter(gguf);
  if (!added) return error_of(added.failure).in(path);
  return added.value;
}

// The adapter files that a word on the command line means.
Result<std::vector<std::string>> adapter_files_of(const std::string& word) {
  if (word == "none") return std::vector<std::string>{};
  const std::string folder = adapter_folder();
  if (word == "auto") {
    std::vector<std::string> all = gguf_files({folder});
    if (all.empty()) return Error{ErrorCode::kUsage, "--adapter auto: there are none in " + folder + "; koan adapters add FILE"};
    return all;
  }
  if (word.find('/') != std::string::npos || fs::exists(word)) return std::vector<std::string>{word};
  const std::string path = folder + "/" + word + ".gguf";
  if (!fs::exists(path))
    return Error{ErrorCode::kUsage, "--adapter " + word + ": neither a file nor one of koan adapters list"};
  return std::vector<std::string>{path};
}

koan_routing routing_of(const Arguments& arguments, std::size_t adapters) {
  const bool any = std::find(arguments.adapters.begin(), arguments.adapters.end(), "auto") != arguments.adapters.end();
  if (adapters < 2 && !any) return KOAN_ROUTING_FIXED;
  if (arguments.route == "prompt") return KOAN_ROUTING_PROMPT;
  return arguments.route == "text" ? KOAN_ROUTING_TEXT : KOAN_ROUTING_TRIAL;
}

}  // namespace

Error error_of(const koan::Failure& failure) { return Error{error_code(failure.code), failure.message}; }

Result<Bytes> read_context(const Arguments& arguments) {
  if (arguments.context.empty()) return Bytes{};
  KOAN_ASSIGN(Bytes context, read_file(arguments.context, kMaxContextBytes));
  if (context.empty()) return Error{ErrorCode::kUsage, arguments.context + ": empty, no context"};
  return context;
}

Result<Session> Session::create(const Arguments& arguments) {
  KOAN_ASSIGN(Bytes context, read_context(arguments));
  auto made = koan::Codec::create();
  if (!made) return error_of(made.failure);
  Session session(std::move(made.value), arguments, std::move(context));
  if (!arguments.model.empty()) KOAN_TRY(session.choose_model(arguments.model));
  KOAN_TRY(session.add_named_adapters());
  return session;
}

// A GGUF file, or an embedded model by its name, with or without "koan-".
Status Session::choose_model(const std::string& word) {
  if (!fs::exists(word)) {
    for (std::size_t i = 0; i < codec_.model_count(); ++i) {
      const auto info = codec_.model(i);
      if (!info) return error_of(info.failure);
      if (word != info.value.name && "koan-" + word != info.value.name) continue;
      const koan::Failure failure = codec_.choose_model(i);
      if (failure.code != KOAN_OK) return error_of(failure);
      return {};
    }
  }
  return add_model_file(codec_, word, true);
}

Status Session::add_named_adapters() {
  for (const std::string& word : arguments_.adapters) {
    KOAN_ASSIGN(const std::vector<std::string> files, adapter_files_of(word));
    KOAN_ASSIGN(const koan_model_info base, model_in_use());
    for (const std::string& path : files) {
      KOAN_ASSIGN(const AdapterHash hash, add_adapter_file(codec_, path));
      // Of all, those for the model in use; one that was named is tried and says what is wrong with it.
      if (word == "auto" && !codec_.fits(hash, base.sha256)) continue;
      if (std::find(adapters_.begin(), adapters_.end(), hash) == adapters_.end()) adapters_.push_back(hash);
    }
    if (word == "auto" && adapters_.empty())
      return Error{ErrorCode::kUsage, "--adapter auto: none of koan adapters list is for model " + std::string(base.name)};
  }
  return {};
}

std::string adapter_folder() {
  const std::string data = koan_data_folder();
  return data.empty() ? "koan-adapters" : data + "/adapters";
}

bool Session::add_stored() {
  if (folders_added_) return false;
  folders_added_ = true;
  bool any = false;
  for (const std::string& path : gguf_files({adapter_folder()})) {
    const auto added = add_adapter_file(codec_, path);
    if (!added && !arguments_.quiet) complain("passed over an adapter: " + added.error().message);
    any = any || added;
  }
  const std::size_t before = codec_.model_count();
  for (const std::string& path : gguf_files(model_folders())) {
    const Status added = add_model_file(codec_, path, false);
    if (!added && !arguments_.quiet) complain("passed over a model: " + added.error().message);
  }
  return any || codec_.model_count() > before;
}

koan_options Session::options() const {
  koan::Options out;
  out.level = arguments_.level;
  out.threads = arguments_.threads;
  out.segment_bytes = arguments_.segment_bytes;
  out.streams = arguments_.streams;
  out.segments = arguments_.segments;
  out.context = context_.data();
  out.context_size = context_.size();
  out.adapters = adapters_.empty() ? nullptr : adapters_[0].data();
  out.adapter_count = adapters_.size();
  out.routing = routing_of(arguments_, adapters_.size());
  out.first_line = arguments_.first_line;
  out.line_count = arguments_.line_count;
  return out;
}

Result<koan_model_info> Session::model_in_use() const {
  const auto info = codec_.model_for(options());
  if (!info) return error_of(info.failure);
  return info.value;
}

std::string Session::model_name(const std::uint8_t (&hash)[32]) const {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    const auto info = codec_.model(i);
    if (info && std::memcmp(info.value.sha256, hash, sizeof hash) == 0) return info.value.name;
  }
  return to_hex(hash).substr(0, 8);
}

std::string Session::message_model_name(const std::uint8_t (&id)[2]) const {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    const auto info = codec_.model(i);
    if (info && std::memcmp(info.value.message_id, id, sizeof id) == 0) return info.value.name;
  }
  return "id " + to_hex(id);
}

}  // namespace koan::cli
