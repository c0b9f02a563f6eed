#include "report/paper.h"

#include <algorithm>

#include "formats/json_members.h"

namespace koan::report {
namespace {

constexpr double kMostTokens = 1e9;

Result<Published> published(JsonDocument& from, const char* key) {
  const auto at = from.find(key);
  if (at == from.end() || !at->is_array() || at->size() != 2 || !(*at)[0].is_number() || !(*at)[1].is_number())
    return json_error(key, "is not a mean and a deviation");
  return Published{(*at)[0].get<double>(), (*at)[1].get<double>()};
}

Result<PaperGroup> group(JsonDocument from) {
  PaperGroup out;
  KOAN_ASSIGN(out.blc, published(from, "blc"));
  KOAN_ASSIGN(out.qa, published(from, "qa"));
  KOAN_ASSIGN(out.qa_plus, published(from, "qa+"));
  for (const char* key : {"blc", "qa", "qa+"}) from.erase(key);
  JsonMembers rest(std::move(from));
  KOAN_ASSIGN(out.n, rest.real("n", 1, 1e6));
  KOAN_TRY(rest.finish());
  return out;
}

Result<PaperSet> set_of(JsonDocument from) {
  if (!from.is_object() || !from.contains("medium_hard") || !from.contains("all"))
    return json_error("sets", "has something without groups of problems");
  PaperSet out;
  KOAN_ASSIGN(out.medium_hard, group(from["medium_hard"]));
  KOAN_ASSIGN(out.all, group(from["all"]));
  for (const char* key : {"medium_hard", "all"}) from.erase(key);
  JsonMembers members(std::move(from));
  KOAN_ASSIGN(out.name, members.text("name"));
  KOAN_ASSIGN(out.tasks, members.texts("tasks"));
  KOAN_ASSIGN(out.small, members.real("small", 0, 100));
  KOAN_ASSIGN(out.large, members.real("large", 0, 100));
  KOAN_ASSIGN(out.response_tokens, members.real("response_tokens", 1, kMostTokens));
  KOAN_ASSIGN(out.ratio, members.real("ratio", 0, 1));
  KOAN_TRY(members.finish());
  return out;
}

}  // namespace

const PaperSet* Paper::find(const std::string& task) const {
  for (const PaperSet& set : sets)
    if (std::find(set.tasks.begin(), set.tasks.end(), task) != set.tasks.end()) return &set;
  return nullptr;
}

Result<Paper> read_paper(std::string_view json) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(json, std::size_t{1} << 20));
  Paper out;
  if (!document.contains("sets") || !document["sets"].is_array()) return json_error("sets", "is missing");
  for (const JsonDocument& set : document["sets"]) {
    KOAN_ASSIGN(PaperSet one, set_of(set));
    out.sets.push_back(std::move(one));
  }
  document.erase("sets");
  JsonMembers members(std::move(document));
  KOAN_TRY(members.number("version", 1, 1));
  KOAN_ASSIGN(out.source, members.text("source"));
  KOAN_ASSIGN(out.models, members.text("models"));
  KOAN_ASSIGN(out.notes, members.text("notes"));
  KOAN_TRY(members.finish());
  return out;
}

}  // namespace koan::report
