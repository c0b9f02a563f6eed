// koan adapters add and remove: what is in the folder.
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "cli/adapter_store.h"
#include "cli/cmd_adapters.h"
#include "cli/exit_code.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNameRule =
    "a name has letters, digits and . _ - +, begins with a letter or digit, has at most "
    "100 characters, and is neither auto nor none";

// The file's name without its suffix.
std::string plain_name(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  for (const std::string_view suffix : {".gguf", ".lora"}) {
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  }
  return name;
}

Result<std::string> choose_name(const std::string& path, const Adapter& adapter, const Arguments& arguments) {
  for (const std::string& name : {arguments.name, adapter.name, plain_name(path)}) {
    if (name.empty()) continue;
    if (is_adapter_name(name)) return name;
    if (name == arguments.name) return Error{ErrorCode::kUsage, "--name " + name + ": " + kNameRule};
  }
  return Error{ErrorCode::kUsage, path + ": neither what it calls itself nor its file's name will do (" + kNameRule +
                                      "); say --name NAME"};
}

struct Added {
  std::string name, path, sha256;
  std::string replaced;  // SHA-256 of what was there; empty: nothing
  bool was_there = false;
};

Result<Added> add_one(const std::string& from, const Arguments& arguments) {
  KOAN_ASSIGN(const Bytes bytes, read_adapter_file(from));
  auto adapter = parse_adapter(bytes);
  if (!adapter) return std::move(adapter).error().in(from);
  if (auto facts = facts_of(*adapter); !facts) return std::move(facts).error().in(from);
  Added out;
  KOAN_ASSIGN(out.name, choose_name(from, *adapter, arguments));
  out.path = adapter_folder() + "/" + out.name + ".gguf";
  out.sha256 = to_hex(adapter->sha256);
  std::error_code failed;
  if (fs::exists(out.path, failed)) {
    const auto there = read_adapter_file(out.path);
    if (there && *there == bytes) {
      out.was_there = true;
      return out;
    }
    if (!arguments.force) {
      return Error{ErrorCode::kUsage, from + ": another adapter is called " + out.name +
                                          " already; --name gives this one another name, -f replaces that one"};
    }
    if (there) out.replaced = to_hex(sha256(*there));
  }
  KOAN_TRY(store_file(out.path, bytes, arguments.force));
  return out;
}

struct Removed {
  std::string path, sha256;  // no hash: it could not be read
};

Result<Removed> remove_one(const std::string& name) {
  Removed out;
  KOAN_ASSIGN(out.path, find_stored_adapter(name));
  if (const auto bytes = read_adapter_file(out.path)) out.sha256 = to_hex(sha256(*bytes));
  if (::unlink(out.path.c_str()) != 0) return io_error(out.path, errno);
  return out;
}

std::string lost(const std::string& sha256) {
  return sha256.empty() ? "" : "; files that need it (sha256 " + sha256 + ") do not open any more without it";
}

}  // namespace

int run_adapters_add(const Arguments& arguments) {
  Outcomes outcomes;
  Json files = Json::array();
  if (!arguments.name.empty() && arguments.files.size() > 1) {
    outcomes.failed({ErrorCode::kUsage, "--name names one FILE only"});
    return outcomes.exit_code();
  }
  for (const std::string& from : arguments.files) {
    const auto added = add_one(from, arguments);
    if (!added) {
      outcomes.failed(added.error());
      files.push_back({{"file", from}, {"error", cli::json_of(added.error())}});
      continue;
    }
    Json entry = {{"file", from}, {"name", added->name}, {"path", added->path}, {"sha256", added->sha256}};
    if (!added->replaced.empty()) entry["replaced"] = added->replaced;
    files.push_back(std::move(entry));
    if (arguments.json || arguments.quiet) continue;
    say(from + (added->was_there ? ": already there as " : ": added as ") + added->name +
        (added->replaced.empty() ? "" : ", in place of another" + lost(added->replaced)));
  }
  if (arguments.json) print_json("adapters add", std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

int run_adapters_remove(const Arguments& arguments) {
  Outcomes outcomes;
  Json files = Json::array();
  for (const std::string& name : arguments.files) {
    const auto removed = remove_one(name);
    if (!removed) {
      outcomes.failed(removed.error());
      files.push_back({{"name", name}, {"error", cli::json_of(removed.error())}});
      continue;
    }
    files.push_back({{"name", name}, {"path", removed->path}, {"sha256", removed->sha256}});
    if (!arguments.json && !arguments.quiet) say(name + ": removed" + lost(removed->sha256));
  }
  if (arguments.json) print_json("adapters remove", std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

}  // namespace koan::cli
