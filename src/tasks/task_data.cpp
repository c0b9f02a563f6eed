#include "tasks/task_data.h"

#include <algorithm>
#include <array>

#include "formats/json_members.h"

namespace koan::tasks {
namespace {

constexpr std::size_t kMaxFile = 1 << 18;
constexpr std::uint32_t kMostNumber = 1u << 30;
constexpr std::array<const char*, 13> kFields = {"id",      "question", "answer",     "solution",  "level",
                                                 "subject", "choices",  "correct",    "incorrect", "prompt",
                                                 "tests",   "setup",    "entry_point"};

Result<grade::Kind> kind_of(const std::string& word) {
  const std::pair<const char*, grade::Kind> all[] = {{"number", grade::Kind::kNumber},
                                                     {"math", grade::Kind::kMath},
                                                     {"letter", grade::Kind::kLetter},
                                                     {"code", grade::Kind::kCode},
                                                     {"judge", grade::Kind::kJudge}};
  for (const auto& [name, kind] : all)
    if (word == name) return kind;
  return json_error("grader", "is not number, math, letter, code or judge");
}

Result<GraderRule> take_grader(JsonDocument& document) {
  GraderRule out;
  const auto value = document.find("grader");
  if (value == document.end()) return json_error("grader", "is missing");
  const JsonDocument grader = *value;
  document.erase("grader");
  if (grader.is_string()) {
    KOAN_ASSIGN(out.kind, kind_of(grader.get<std::string>()));
    return out;
  }
  if (!grader.is_object()) return json_error("grader", "is neither a name nor an object");
  for (const auto& [key, kind] : grader.items()) {
    if (!kind.is_string()) return json_error("grader." + key, "is not a string");
    if (key == "field") {
      out.field = kind.get<std::string>();
    } else {
      KOAN_ASSIGN(out.by_value[key], kind_of(kind.get<std::string>()));
    }
  }
  if (out.field.empty() || out.by_value.empty()) return json_error("grader", "has no field, or no values");
  return out;
}

Result<std::vector<Condition>> take_conditions(JsonDocument& document) {
  std::vector<Condition> out;
  const auto value = document.find("keep");
  if (value == document.end()) return out;
  const JsonDocument keep = *value;
  document.erase("keep");
  if (!keep.is_array()) return json_error("keep", "is not a list");
  for (const JsonDocument& item : keep) {
    if (!item.is_object()) return json_error("keep", "is not a list of objects");
    JsonMembers members(item, "keep.");
    Condition condition;
    KOAN_ASSIGN(condition.field, members.text("field"));
    if (members.has("is")) {
      KOAN_ASSIGN(condition.is, members.texts("is"));
    }
    KOAN_ASSIGN(condition.number, members.flag("number"));
    if (members.has("from")) {
      KOAN_ASSIGN(condition.from, members.number("from", 0, kMostNumber));
      KOAN_ASSIGN(condition.to, members.number("to", 1, kMostNumber));
    }
    KOAN_TRY(members.finish());
    out.push_back(std::move(condition));
  }
  return out;
}

Status take_head(JsonMembers& file, TaskData& out) {
  KOAN_ASSIGN(out.task.name, file.text("name"));
  KOAN_ASSIGN(out.task.version, file.number("version", 1, kMostNumber));
  const std::pair<const char*, std::string*> texts[] = {
      {"title", &out.task.title}, {"source", &out.task.source}, {"licence", &out.task.licence},
      {"split", &out.task.split}, {"file", &out.task.file},     {"prompts", &out.task.prompts},
      {"text", &out.text}};
  for (const auto& [key, to] : texts) {
    KOAN_ASSIGN(*to, file.text(key));
  }
  return {};
}

Status take_pair(JsonMembers& file, Task& out) {
  if (!file.has("pair")) return {};
  KOAN_ASSIGN(JsonMembers pair, file.object("pair"));
  KOAN_ASSIGN(out.small, pair.text("small"));
  KOAN_ASSIGN(out.large, pair.text("large"));
  KOAN_ASSIGN(out.arms, pair.texts("arms"));
  return pair.finish();
}

Result<TaskData> read(std::string_view json) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(json, kMaxFile));
  TaskData out;
  KOAN_ASSIGN(out.grader, take_grader(document));
  KOAN_ASSIGN(out.keep, take_conditions(document));
  JsonMembers file(std::move(document));
  KOAN_TRY(take_head(file, out));
  KOAN_TRY(take_pair(file, out.task));
  KOAN_ASSIGN(const std::string format, file.text("format"));
  if (format != "jsonl" && format != "csv") return json_error("format", "is neither jsonl nor csv");
  out.format = format == "csv" ? Format::kCsv : Format::kJsonl;
  KOAN_ASSIGN(JsonMembers fields, file.object("fields"));
  for (const char* key : kFields) {
    if (!fields.has(key)) continue;
    KOAN_ASSIGN(out.fields[key], fields.texts(key));
    if (out.fields[key].empty()) return json_error(std::string("fields.") + key, "is empty");
  }
  KOAN_TRY(fields.finish());
  KOAN_TRY(file.finish());
  for (const char* key : {"id"})
    if (!out.fields.contains(key)) return json_error(std::string("fields.") + key, "is missing");
  out.task.hash = sha256(as_bytes(json));
  return out;
}

}  // namespace

Result<TaskData> parse_task(std::string_view json) {
  auto out = read(json);
  if (!out) return std::move(out).error().in("task");
  return out;
}

}  // namespace koan::tasks
