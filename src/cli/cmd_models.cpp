// koan models: what this koan can code with, or what GGUF files hold.
#include <cstdio>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/exit_code.h"
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

// Each file in a codec of its own, so that what is described is that file.
Result<koan_model_info> load(const std::string& path, Arguments arguments, std::vector<Session>& keep) {
  arguments.model = path;
  KOAN_ASSIGN(Session session, Session::create(arguments));
  KOAN_ASSIGN(koan_model_info info, session.model_in_use());
  info.is_chosen = 0;
  keep.push_back(std::move(session));  // owns the strings of info
  return info;
}

}  // namespace

int run_models(const Arguments& arguments) {
  Outcomes outcomes;
  Json models = Json::array();
  Table table({"name", "architecture", "parameters", "size", "vocabulary", "window", "sha256", ""}, {0, 1, 6, 7});
  std::vector<Session> keep;
  for (const std::string& path : arguments.files) {
    auto info = load(path, arguments, keep);
    if (!info) {
      outcomes.failed(info.error());
      continue;
    }
    models.push_back(json_of(*info, path));
    table.add(row_of(*info, arguments));
  }
  if (arguments.files.empty()) {
    auto session = Session::create(arguments);
    if (!session) {
      outcomes.failed(session.error());
      return outcomes.exit_code();
    }
    session->add_stored();
    for (std::size_t i = 0; i < session->codec().model_count(); ++i) {
      const auto info = session->codec().model(i);
      if (!info) continue;
      models.push_back(json_of(info.value, ""));
      table.add(row_of(info.value, arguments));
    }
    keep.push_back(std::move(*session));
  }
  if (arguments.json) {
    print_json("models", std::move(models), outcomes.exit_code(), false);
  } else if (!models.empty()) {
    std::fputs(table.text().c_str(), stdout);
  }
  return outcomes.exit_code();
}

}  // namespace koan::cli
