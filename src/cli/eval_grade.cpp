#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "cli/command_line.h"
#include "cli/endpoints.h"
#include "cli/eval_tasks.h"
#include "cli/programs.h"
#include "cli/report.h"
#include "cli/whole_file.h"
#include "formats/json_members.h"
#include "tasks/task.h"
#include "text/strip.h"

namespace koan::cli {
namespace {

constexpr TextKind kReplies{"replies", std::uint64_t{1} << 30};
constexpr std::size_t kMaxLine = std::size_t{16} << 20;

struct GradeArguments {
  std::string task, data, replies, judge;
  std::uint64_t seed = 0;
  unsigned threads = 0;
  bool unsandboxed = false;
  RemoteUse remote;
};

struct Reply {
  std::string id, text;
};

Result<std::vector<Reply>> read_replies(const std::string& path) {
  KOAN_ASSIGN(const std::string text, read_text(path, kReplies));
  std::vector<Reply> out;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view one = strip(std::string_view(text).substr(at, end - at));
    at = end + 1;
    ++line;
    if (one.empty()) continue;
    const std::string place = path + ": line " + std::to_string(line);
    auto document = parse_json_document(one, kMaxLine);
    if (!document) return std::move(document).error().in(place);
    JsonMembers members(std::move(*document));
    auto id = members.text("id"), reply = members.text("reply");
    if (!id || !reply) return (id ? std::move(reply) : std::move(id)).error().in(place);
    out.push_back({std::move(*id), std::move(*reply)});
  }
  return out;
}

Status grade_all(const GradeArguments& arguments) {
  KOAN_ASSIGN(const tasks::Task task, tasks::find_task(arguments.task));
  KOAN_ASSIGN(const std::vector<tasks::Problem> problems,
              tasks::load_problems(task, {arguments.data, arguments.seed, 0}));
  std::map<std::string, const tasks::Problem*, std::less<>> by_id;
  for (const tasks::Problem& problem : problems) by_id[problem.id] = &problem;
  KOAN_ASSIGN(const std::vector<Reply> replies, read_replies(arguments.replies));
  grade::Means means;
  means.run = program_runner(arguments.unsandboxed);
  std::optional<Endpoints> endpoints;
  std::unique_ptr<ChatModel> judge;
  if (!arguments.judge.empty()) {
    KOAN_ASSIGN(endpoints,
                Endpoints::create(arguments.remote, arguments.threads == 0 ? available_cores() : arguments.threads));
    KOAN_ASSIGN(judge, endpoints->open(arguments.judge));
    means.judge = judge.get();
  }
  std::size_t right = 0;
  for (const Reply& reply : replies) {
    const auto problem = by_id.find(reply.id);
    if (problem == by_id.end())
      return Error{ErrorCode::kUsage, arguments.replies + ": task " + task.name + " has no problem '" + reply.id + "'"};
    auto graded = grade::grade(problem->second->target, reply.text, means);
    if (!graded) return std::move(graded).error().in(reply.id);
    right += graded->right ? 1 : 0;
    print_line(Json{{"id", reply.id},
                    {"right", graded->right},
                    {"answer", graded->answer},
                    {"target", problem->second->target.reference},
                    {"why", graded->why}});
  }
  if (replies.empty()) return Error{ErrorCode::kUsage, arguments.replies + ": no replies"};
  say(format("%zu of %zu right (%.1f%%)", right, replies.size(), percent(right, replies.size())));
  return {};
}

}  // namespace

int run_eval_grade(const std::vector<std::string>& words) {
  GradeArguments arguments;
  CLI::App app("Grades replies: a line of JSON for each, the accuracy on stderr", "koan eval grade");
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("TASK", arguments.task, "As koan eval tasks lists them")->type_name("")->required();
  app.add_option("REPLIES", arguments.replies, "Lines of JSON {\"id\", \"reply\"}; -: the standard input")
      ->type_name("")
      ->required();
  app.add_option("--data", arguments.data, "The task's file, or the folder of benchmarks")
      ->type_name("PATH")
      ->required();
  app.add_option("--judge", arguments.judge, "A model that grades answers in free form")->type_name("MODEL");
  app.add_option("--seed", arguments.seed, "The order of choices that the replies are to")->type_name("N");
  app.add_option("-T,--threads", arguments.threads, "Threads of a judge that runs here; 0: one per core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  app.add_flag("--unsandboxed", arguments.unsandboxed, "Run programs without isolation");
  add_remote_options(app, arguments.remote);
  int code = 0;
  if (!parse_words(app, words, "koan eval grade", &code)) return code;
  return end_with(grade_all(arguments));
}

}  // namespace koan::cli
