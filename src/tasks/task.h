// A benchmark as data: evals/tasks/NAME.json says where its problems come from, how they are put to a model and how a
// reply is graded (docs/evaluation.md, "Tasks").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "grade/grade.h"

namespace koan::tasks {

struct Problem {
  std::string id;
  std::string text;  // what the model is given: question, lettered choices, signature, form of the answer
  grade::Target target;
  std::string solution;  // worked out, where the benchmark has one; may be empty
  std::string level;     // difficulty as the benchmark says; may be empty
  std::string subject;   // may be empty
};

struct Task {
  std::string name, title, source, licence, split;
  std::uint32_t version = 0;
  std::string file;     // name of its data in a folder of benchmarks; empty: the user has to give it
  std::string prompts;  // set of prompts for src/ask; "plain" if the task does not say
  // What koan eval run takes unless it is told otherwise; may be empty.
  std::string small = {}, large = {};
  std::vector<std::string> arms = {};
  Sha256 hash{};  // of the task's JSON
};

struct LoadOptions {
  std::string path;        // file, or a folder that holds Task::file; .zst is unpacked
  std::uint64_t seed = 0;  // draws `limit` problems, and shuffles choices where the task does so
  std::size_t limit = 0;   // 0: all
};

// Errors: kUsage, listing what there is.
Result<Task> find_task(std::string_view name);
std::vector<Task> all_tasks();
// The task's file in a folder of benchmarks, packed or plain; nothing if it is not there or the task names none.
std::optional<std::string> find_file(const Task& task, const std::string& folder);
// In the order of the file. Errors: kIo, kCorrupt with line and field, kUsage.
Result<std::vector<Problem>> load_problems(const Task& task, const LoadOptions& options);

}  // namespace koan::tasks
