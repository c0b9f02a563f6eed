// What a task's JSON says (docs/evaluation.md, "Tasks"). Inside of the module.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grade/grade.h"
#include "tasks/task.h"

namespace koan::tasks {

enum class Format { kJsonl, kCsv };

// A row stays if the field says so.
struct Condition {
  std::string field;
  std::vector<std::string> is;     // one of these; a field that is missing is "null"
  bool number = false;             // it is a number, perhaps with a unit
  std::uint32_t from = 0, to = 0;  // the number that it ends with is within; to 0: not asked
};

// The kind of grader: one, or by the value of a field.
struct GraderRule {
  std::string field;  // empty: `kind` for all
  grade::Kind kind = grade::Kind::kNumber;
  std::map<std::string, grade::Kind> by_value;
};

struct TaskData {
  Task task;
  Format format = Format::kJsonl;
  std::map<std::string, std::vector<std::string>>
      fields;  // ours -> names in the file, the first that a row has is taken
  std::vector<Condition> keep;
  GraderRule grader;
  std::string text;  // template of Problem::text
};

// Errors: kCorrupt with the key.
Result<TaskData> parse_task(std::string_view json);

struct TaskFile {
  std::string_view name, json;
};
// Those that are linked in, by name.
std::span<const TaskFile> task_files() noexcept;

}  // namespace koan::tasks
