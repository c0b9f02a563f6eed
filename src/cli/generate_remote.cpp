#include "cli/generate_remote.h"

#include <unistd.h>

#include "base/file.h"
#include "cli/choices.h"
#include "cli/endpoints.h"
#include "cli/report.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

ChatRequest request_of(const GenerateArguments& arguments, const std::string& prompt, std::size_t index) {
  ChatRequest out;
  if (!arguments.system.empty()) out.messages.push_back({"system", arguments.system});
  out.messages.push_back({"user", prompt});
  out.temperature = arguments.temperature;
  out.top_p = arguments.top_p;
  out.seed = arguments.options.seed + index;  // the same prompt twice is drawn twice
  out.max_tokens = arguments.options.max_tokens;
  out.stop = arguments.options.stop;
  return out;
}

// A server need not do as it is told, so this is what was asked, not what makes the text again.
Json settings(const ChatModel& model, const ChatRequest& request) {
  return {
      {"model", model.name()}, {"temperature", request.temperature}, {"top_p", request.top_p}, {"seed", request.seed}};
}

Status write_choices(ChatModel& model, const GenerateArguments& arguments, const std::vector<ChatRequest>& requests) {
  const bool as_json = arguments.json || !arguments.jsonl.empty();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    KOAN_ASSIGN(const std::vector<ChoiceScore> scores, model.choose(requests[i], arguments.choices));
    if (as_json)
      print_line(
          {{"index", i}, {"choices", json_of_choices(arguments.choices, scores, false)}, {"model", model.name()}});
    else
      print_choices(arguments.choices, scores);
  }
  return {};
}

Status write_replies(ChatModel& model, const GenerateArguments& arguments, const std::vector<ChatRequest>& requests) {
  KOAN_ASSIGN(const std::vector<ChatReply> replies, model.replies(requests));
  if (!arguments.json && arguments.jsonl.empty()) {
    FileSink out(STDOUT_FILENO, "stdout", stop_flag());
    const std::string& text = replies[0].text;
    Status written = out.write(as_bytes(text.ends_with('\n') ? text : text + "\n"));
    if (out.reader_gone()) die_of_closed_pipe();
    return written;
  }
  for (std::size_t i = 0; i < replies.size(); ++i) {
    Json line = {{"index", i},
                 {"text", replies[i].text},
                 {"finish_reason", name_of(replies[i].reason)},
                 {"prompt_tokens", replies[i].usage.input_tokens},
                 {"tokens", replies[i].usage.output_tokens},
                 {"cached", replies[i].cached}};
    line.update(settings(model, requests[i]));
    print_line(line);
  }
  return {};
}

}  // namespace

Status generate_remote(const GenerateArguments& arguments, const std::vector<std::string>& prompts) {
  if (!arguments.local_only.empty()) {
    return Error{ErrorCode::kUsage, arguments.local_only.front() + " is for models that run here; " + arguments.model +
                                        " is a remote one"};
  }
  KOAN_ASSIGN(Endpoints endpoints, Endpoints::create(arguments.remote, 1));
  KOAN_ASSIGN(const std::unique_ptr<ChatModel> model, endpoints.open(arguments.model));
  std::vector<ChatRequest> requests;
  for (std::size_t i = 0; i < prompts.size(); ++i) requests.push_back(request_of(arguments, prompts[i], i));
  Status done = arguments.choices.empty() ? write_replies(*model, arguments, requests)
                                          : write_choices(*model, arguments, requests);
  if (!done && done.error().code == ErrorCode::kBudget)
    return Error{ErrorCode::kBudget, done.error().message + "; --budget-tokens and --budget raise it"};
  return done;
}

}  // namespace koan::cli
