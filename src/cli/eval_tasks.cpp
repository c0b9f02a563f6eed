#include "cli/eval_tasks.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command_line.h"
#include "cli/report.h"
#include "tasks/task.h"

namespace koan::cli {
namespace {

struct TasksArguments {
  std::string name, data;
  std::size_t limit = 1;
  std::uint64_t seed = 0;
};

void list_all() {
  Table table({"task", "version", "licence", "data", "title"}, {0, 2, 3, 4});
  for (const tasks::Task& task : tasks::all_tasks())
    table.add(
        {task.name, std::to_string(task.version), task.licence, task.file.empty() ? "(yours)" : task.file, task.title});
  std::printf("%s", table.text().c_str());
}

void show_task(const tasks::Task& task) {
  const std::pair<const char*, std::string> lines[] = {{"task", task.name + " " + std::to_string(task.version)},
                                                       {"title", task.title},
                                                       {"source", task.source},
                                                       {"licence", task.licence},
                                                       {"split", task.split},
                                                       {"data", task.file.empty() ? "a file that you name" : task.file},
                                                       {"prompts", task.prompts},
                                                       {"sha256", to_hex(task.hash)}};
  for (const auto& [key, value] : lines) std::printf("%-8s %s\n", key, printable(value).c_str());
}

// Code is run, and free text is judged, so there is no one answer to show.
std::string expected(const tasks::Problem& problem) {
  if (problem.target.kind != grade::Kind::kCode) return problem.target.reference;
  return std::to_string(problem.target.code.tests.size()) + " tests of " + problem.target.code.entry_point;
}

Status show(const TasksArguments& arguments) {
  if (arguments.name.empty()) {
    list_all();
    return {};
  }
  KOAN_ASSIGN(const tasks::Task task, tasks::find_task(arguments.name));
  show_task(task);
  if (arguments.data.empty()) return {};
  KOAN_ASSIGN(const std::vector<tasks::Problem> problems,
              tasks::load_problems(task, {arguments.data, arguments.seed, arguments.limit}));
  for (const tasks::Problem& problem : problems) {
    std::string head = problem.id;
    for (const std::string& more : {problem.subject, problem.level})
      if (!more.empty()) head += ", " + more;
    std::printf("\n--- %s\n%s\n--- answer: %s\n", printable(head).c_str(), problem.text.c_str(),
                printable(expected(problem)).c_str());
  }
  return {};
}

}  // namespace

int run_eval_tasks(const std::vector<std::string>& words) {
  TasksArguments arguments;
  CLI::App app("The benchmarks that koan knows; one of them, and problems as a model sees them", "koan eval tasks");
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("NAME", arguments.name, "A task; without it all are listed")->type_name("");
  app.add_option("--data", arguments.data, "Its file, or the folder of benchmarks")->type_name("PATH");
  app.add_option("-n,--limit", arguments.limit, "Problems that are shown; 0: all")->type_name("N");
  app.add_option("--seed", arguments.seed, "Draws the problems and the order of choices")->type_name("N");
  int code = 0;
  if (!parse_words(app, words, "koan eval tasks", &code)) return code;
  return end_with(show(arguments));
}

std::optional<int> run_eval_tools(const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words[0] == "tasks") return run_eval_tasks(rest);
  if (words[0] == "grade") return run_eval_grade(rest);
  return std::nullopt;
}

}  // namespace koan::cli
