// koan models [NAME...]: what this koan can code with, or what models are.
#include <cstdio>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/model_places.h"
#include "cli/report.h"
#include "cli/session.h"

namespace koan::cli {
namespace {

Json json_of(const koan_model_info& model, const std::string& path) {
  Json out = {{"name", model.name},
              {"architecture", model.architecture},
              {"parameters", model.parameters},
              {"file_bytes", model.file_bytes},
              {"sha256", to_hex(model.sha256)},
              {"vocabulary", model.vocabulary},
              {"window", model.window},
              {"sinks", model.sinks},
              {"multiply_adds_per_token", model.multiply_adds},
              {"embedded", model.embedded != 0},
              {"chosen", model.is_chosen != 0}};
  if (model.lowest_level != 0) out["levels"] = {model.lowest_level, model.highest_level};
  if (!path.empty()) out["path"] = path;
  return out;
}

std::vector<std::string> row_of(const koan_model_info& model, const Arguments& arguments) {
  std::string note = model.embedded ? "embedded" : "";
  if (model.lowest_level != 0) note += format(", levels %d to %d", model.lowest_level, model.highest_level);
  if (model.is_chosen) note += note.empty() ? "chosen" : ", chosen";
  const std::string hash = to_hex(model.sha256);
  return {printable(model.name),
          printable(model.architecture),
          format("%.1fM", static_cast<double>(model.parameters) / 1e6),
          human_size(model.file_bytes),
          std::to_string(model.vocabulary),
          format("%u+%u", model.window, model.sinks),
          arguments.verbose > 0 ? hash : hash.substr(0, 16),
          note};
}

// Each model in a codec of its own, so that what is described is that one.
Result<koan_model_info> load(const std::string& word, Arguments arguments, std::vector<Session>& keep) {
  arguments.model = word;
  KOAN_ASSIGN(Session session, Session::create(arguments));
  KOAN_ASSIGN(koan_model_info info, session.model_in_use());
  info.is_chosen = 0;
  keep.push_back(std::move(session));  // owns the strings of info
  return info;
}

struct Listing {
  Json models = Json::array();
  Table table{{"name", "architecture", "parameters", "size", "vocabulary", "window", "sha256", ""}, {0, 1, 6, 7}};
  std::vector<Session> keep;

  void add(const koan_model_info& model, const std::string& path, const Arguments& arguments) {
    models.push_back(json_of(model, path));
    std::vector<std::string> row = row_of(model, arguments);
    if (!path.empty() && arguments.files.empty()) row.back() = printable(path);
    table.add(std::move(row));
  }
};

// The embedded ones, then those of the folders, each with its path.
Status list_all(const Arguments& arguments, Listing& out) {
  KOAN_ASSIGN(Session session, Session::create(arguments));
  for (std::size_t i = 0; i < session.codec().model_count(); ++i) {
    const auto info = session.codec().model(i);
    if (info) out.add(info.value, "", arguments);
  }
  out.keep.push_back(std::move(session));
  for (const std::string& folder : model_folders()) {
    for (const std::string& path : gguf_files(folder)) {
      if (is_later_part(path)) continue;
      const auto info = load(path, arguments, out.keep);
      if (info) out.add(*info, path, arguments);
      if (!info && !arguments.quiet) complain("passed over a model: " + info.error().message);
    }
  }
  return {};
}

}  // namespace

int run_models(const Arguments& arguments) {
  Outcomes outcomes;
  Listing listing;
  for (const std::string& word : arguments.files) {
    const auto info = load(word, arguments, listing.keep);
    if (info) listing.add(*info, word, arguments);
    if (!info) outcomes.failed(info.error());
  }
  if (arguments.files.empty()) {
    if (auto listed = list_all(arguments, listing); !listed) {
      outcomes.failed(listed.error());
      return outcomes.exit_code();
    }
  }
  if (arguments.json) {
    print_json("models", std::move(listing.models), outcomes.exit_code(), false);
  } else if (!listing.models.empty()) {
    std::fputs(listing.table.text().c_str(), stdout);
  }
  return outcomes.exit_code();
}

}  // namespace koan::cli
