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

// Where models are looked for, in the order of docs/cli.md.
std::vector<std::string> model_folders() {
  std::vector<std::string> out;
  const std::string listed = environment("KOAN_MODELS");
  for (std::size_t start = 0; start < listed.size();) {
    const std::size_t end = std::min(listed.find(':', start), listed.size());
    if (end != start) out.push_back(listed.substr(start, end - start));
    start = end + 1;
  }
  const std::string data = environment("XDG_DATA_HOME"), home = environment("HOME");
  // The XDG specification: a relative path there is to be ignored.
  if (!data.empty() && data.front() == '/') {
    out.push_back(data + "/koan/models");
  } else if (!home.empty()) {
    out.push_back(home + "/.local/share/koan/models");
  }
  return out;
}

std::vector<std::string> model_files() {
  std::vector<std::string> out;
  for (const std::string& folder : model_folders()) {
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
  if (!arguments.model.empty()) KOAN_TRY(add_model_file(session.codec_, arguments.model, true));
  return session;
}

bool Session::add_folder_models() {
  if (folders_added_) return false;
  folders_added_ = true;
  const std::size_t before = codec_.model_count();
  for (const std::string& path : model_files()) {
    const Status added = add_model_file(codec_, path, false);
    if (!added && !arguments_.quiet) complain("passed over a model: " + added.error().message);
  }
  return codec_.model_count() > before;
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
  return out;
}

Result<koan_model_info> Session::default_model() const {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    auto info = codec_.model(i);
    if (!info) return error_of(info.failure);
    if (info.value.is_default) return info.value;
  }
  return Error{ErrorCode::kInternal, "there is no default model"};
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
