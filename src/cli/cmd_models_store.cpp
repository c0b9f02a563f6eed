// koan models import and remove: what is in koan's own store.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "cli/adapter_store.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/model_names.h"
#include "cli/model_places.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/session.h"
#include "codec/model_store.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNameRule =
    "a name has letters, digits and . _ - +, begins with a letter or digit, has at most 100 characters, and is not "
    "that "
    "of an embedded model";

bool is_model_name(const std::string& name) { return is_adapter_name(name) && !find_embedded(name); }

// The last part of a path or name: "org/name:Q8_0" is "name-Q8_0".
std::string plain_name(std::string word) {
  while (word.size() > 1 && word.ends_with("/")) word.pop_back();
  word = word.substr(word.rfind('/') + 1);
  if (word.ends_with(".gguf")) word.resize(word.size() - 5);
  for (char& c : word) c = c == ':' || c == '@' ? '-' : c;
  return word;
}

struct Stored {
  std::string name, path, sha256;
  std::uint64_t bytes = 0;
  bool was_there = false;
};

Status check_usable(const ModelBytes& model) {
  auto codec = koan::Codec::create();
  if (!codec) return error_of(codec.failure);
  const koan::Failure failure = codec.value.add_model(model.owned, true);
  if (failure.code != KOAN_OK) return error_of(failure).in(model.path);
  return {};
}

Result<Stored> import_one(const std::string& word, const Arguments& arguments) {
  if (model_store().empty()) return Error{ErrorCode::kUsage, "there is no home for models: set XDG_DATA_HOME or HOME"};
  Stored out;
  out.name = arguments.name.empty() ? plain_name(word) : arguments.name;
  if (!is_model_name(out.name))
    return Error{ErrorCode::kUsage, "the name '" + out.name + "' will not do (" + kNameRule + "); say --name NAME"};
  KOAN_ASSIGN(const NamedModel named, find_model(word));
  if (named.embedded) return Error{ErrorCode::kUsage, "model " + word + " is embedded: koan always has it"};
  ShareLine progress(arguments.progress && !arguments.quiet, "importing " + named.path);
  KOAN_ASSIGN(const ModelBytes model, read_model(named, [&](double share) { return progress.show(share); }));
  progress.clear();
  KOAN_TRY(check_usable(model));
  out.path = model_store() + "/" + out.name + ".gguf";
  out.sha256 = to_hex(sha256(model.owned));
  out.bytes = model.owned.size();
  std::error_code failed;
  if (fs::exists(out.path, failed)) {
    const auto there = read_file(out.path, kMaxModelBytes);
    out.was_there = there && *there == model.owned;
    if (out.was_there) return out;
    if (!arguments.force) {
      return Error{ErrorCode::kUsage, word + ": another model is called " + out.name +
                                          " already; --name gives this one another name, -f replaces that one, whose "
                                          "files do not open any more then"};
    }
  }
  KOAN_TRY(store_file(out.path, model.owned, arguments.force));
  return out;
}

Result<Stored> remove_one(const std::string& name) {
  Stored out;
  out.name = name;
  out.path = model_store() + "/" + name + ".gguf";
  std::error_code failed;
  if (!is_adapter_name(name) || !fs::exists(out.path, failed))
    return Error{ErrorCode::kUsage, "model " + name + ": there is none of that name in " + model_store()};
  if (const auto bytes = read_file(out.path, kMaxModelBytes)) out.sha256 = to_hex(sha256(*bytes));
  if (::unlink(out.path.c_str()) != 0) return io_error(out.path, errno);
  return out;
}

int run_each(const char* command, const Arguments& arguments, bool imports) {
  Outcomes outcomes;
  Json files = Json::array();
  if (!arguments.name.empty() && arguments.files.size() > 1) {
    outcomes.failed({ErrorCode::kUsage, "--name names one model only"});
    return outcomes.exit_code();
  }
  for (const std::string& word : arguments.files) {
    const auto done = imports ? import_one(word, arguments) : remove_one(word);
    if (!done) {
      outcomes.failed(done.error());
      files.push_back({{"model", word}, {"error", cli::json_of(done.error())}});
      if (done.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    files.push_back({{"model", word}, {"name", done->name}, {"path", done->path}, {"sha256", done->sha256}});
    if (arguments.json || arguments.quiet) continue;
    if (imports) {
      say(word + (done->was_there ? ": already there as " : ": imported as ") + done->name + ", " +
          human_size(done->bytes) + ", sha256 " + done->sha256);
    } else {
      say(word + ": removed; files that need it (sha256 " + done->sha256 + ") do not open any more without it");
    }
  }
  if (arguments.json) print_json(command, std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

}  // namespace

std::optional<int> run_models_store(const std::vector<std::string>& words) {
  if (words.empty() || (words[0] != "import" && words[0] != "remove")) return std::nullopt;
  const bool imports = words[0] == "import";
  const std::string command = "models " + words[0];
  Arguments arguments;
  bool no_progress = false;
  CLI::App app(imports ? "Put models into koan's own store: GGUF files, Hugging Face folders, names in caches"
                       : "Take models out of koan's own store",
               "koan " + command);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option(imports ? "MODEL" : "NAME", arguments.files, imports ? "Paths or names" : "Names")
      ->type_name("")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (imports) {
    app.add_option("--name", arguments.name, "What to call it; default: the last part of MODEL")->type_name("NAME");
    app.add_flag("-f,--force", arguments.force, "Replace another model of that name");
    app.add_flag("--no-progress", no_progress, "No progress line");
  }
  app.add_flag("-q,--quiet", arguments.quiet, "Say less");
  app.add_flag("--json", arguments.json, "One JSON object on stdout");
  app.set_help_flag("-h,--help", "Print this help");
  int code = kExitOk;
  if (!parse_words(app, std::span(words).subspan(1), "koan " + command, &code)) return code;
  arguments.progress = !no_progress;
  return run_each(command.c_str(), arguments, imports);
}

}  // namespace koan::cli
