#include "tasks/task.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/split_mix.h"
#include "route/corpus_reader.h"
#include "tasks/problem.h"
#include "tasks/rows.h"
#include "tasks/task_data.h"

namespace koan::tasks {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{2} << 30;

Result<TaskData> find_data(std::string_view name) {
  std::string known;
  for (const TaskFile& file : task_files()) {
    if (file.name == name) return parse_task(file.json);
    known += (known.empty() ? "" : ", ") + std::string(file.name);
  }
  return Error{ErrorCode::kUsage, "there is no task '" + std::string(name) + "'; there are " + known};
}

// In a folder the file that the task names, or the same without .zst.
Result<std::string> file_of(const Task& task, const std::string& path) {
  namespace fs = std::filesystem;
  if (path.empty())
    return Error{ErrorCode::kUsage, "task " + task.name + " needs its data: a file, or a folder with it"};
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return path;
  if (task.file.empty())
    return Error{ErrorCode::kUsage,
                 path + ": is a folder; name the file of task " + task.name + ", which is published at " + task.source};
  if (auto found = find_file(task, path)) return std::move(*found);
  return Error{ErrorCode::kIo, path + ": holds no " + task.file + "; it is made from " + task.source};
}

// `limit` of the indices 0..count-1, drawn by the seed, in order.
std::vector<std::size_t> draw(std::size_t count, std::uint64_t seed, std::size_t limit) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  if (limit == 0 || limit >= count) return out;
  std::uint64_t state = mix64(seed);
  shuffle(out, state);
  out.resize(limit);
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<Problem>> read_problems(const TaskData& data, const std::string& path, const LoadOptions& options) {
  KOAN_ASSIGN(const Bytes bytes, read_unpacked(path, kMaxFile));
  auto rows = data.format == Format::kCsv ? parse_csv(as_text(bytes)) : parse_jsonl(as_text(bytes));
  if (!rows) return std::move(rows).error().in(path);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < rows->size(); ++i)
    if (is_kept(data, (*rows)[i])) kept.push_back(i);
  if (kept.empty()) return Error{ErrorCode::kUsage, path + ": holds no problem of task " + data.task.name};
  std::vector<Problem> out;
  for (const std::size_t i : draw(kept.size(), options.seed, options.limit)) {
    const Row& row = (*rows)[kept[i]];
    auto problem = problem_of(data, row, options.seed, kept[i]);
    if (!problem) return std::move(problem).error().in(path + ": line " + std::to_string(row.line));
    out.push_back(std::move(*problem));
  }
  return out;
}

}  // namespace

std::optional<std::string> find_file(const Task& task, const std::string& folder) {
  if (task.file.empty()) return std::nullopt;
  const std::string packed = (std::filesystem::path(folder) / task.file).native();
  std::string plain = packed;
  if (plain.ends_with(".zst")) plain.resize(plain.size() - 4);
  std::error_code ignored;
  for (const std::string& path : {packed, plain})
    if (std::filesystem::exists(path, ignored)) return path;
  return std::nullopt;
}

Result<Task> find_task(std::string_view name) {
  KOAN_ASSIGN(const TaskData data, find_data(name));
  return data.task;
}

std::vector<Task> all_tasks() {
  std::vector<Task> out;
  for (const TaskFile& file : task_files())
    if (const auto data = parse_task(file.json)) out.push_back(data->task);
  return out;
}

Result<std::vector<Problem>> load_problems(const Task& task, const LoadOptions& options) {
  KOAN_ASSIGN(const TaskData data, find_data(task.name));
  KOAN_ASSIGN(const std::string path, file_of(task, options.path));
  return read_problems(data, path, options);
}

}  // namespace koan::tasks
