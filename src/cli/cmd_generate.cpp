// koan generate: text from an exact model (from a remote one: generate_remote.h), or how probable given answers are.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/file.h"
#include "base/hash.h"
#include "base/workers.h"
#include "cli/choices.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/endpoints.h"
#include "cli/exit_code.h"
#include "cli/generate_arguments.h"
#include "cli/generate_remote.h"
#include "cli/local_endpoint.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/whole_file.h"
#include "route/corpus_reader.h"

namespace koan::cli {
namespace {

constexpr TextKind kPrompt{"a prompt", std::uint64_t{4} << 20};

struct Ready {
  LocalModel local;
  Generator generator;
};

Result<Ready> prepare(const GenerateArguments& arguments) {
  KOAN_ASSIGN(ReadyModel model, load_local(arguments.model));
  Generator generator =
      Generator::create(model.local.model, model.local.special, model.kernels, arguments.batch, arguments.threads);
  return Ready{std::move(model.local), std::move(generator)};
}

Result<std::vector<std::string>> read_prompts(const GenerateArguments& arguments) {
  std::vector<std::string> out;
  if (!arguments.jsonl.empty()) {
    const auto visit = [&](const CorpusDocument& document) -> Status {
      out.emplace_back(document.text);
      return {};
    };
    KOAN_ASSIGN(const CorpusCount count, visit_corpus({arguments.jsonl}, {arguments.field, {}, true}, visit));
    if (count.without_text == 0) return out;
    return Error{ErrorCode::kUsage, arguments.jsonl + ": " + std::to_string(count.without_text) +
                                        " records have no field '" + arguments.field + "'; name it with --field"};
  }
  KOAN_ASSIGN(std::string text, read_argument(arguments.input, arguments.from_file, kPrompt));
  return std::vector<std::string>{std::move(text)};
}

Result<std::vector<Token>> tokens_of(const std::string& text, const Ready& ready, const GenerateArguments& arguments) {
  std::vector<Token> out;
  if (arguments.raw || !ready.local.chat_template) {
    if (!arguments.system.empty())
      return Error{ErrorCode::kUsage, "--system: model " + ready.local.model->config().name + " has no chat template"};
    out = ready.local.plain_prompt(text);
  } else {
    std::vector<ChatMessage> messages;
    if (!arguments.system.empty()) messages.push_back({"system", arguments.system});
    messages.push_back({"user", text});
    KOAN_ASSIGN(out, ready.local.chat_template->encode(messages, ready.local.special, ready.local.model->tokenizer(),
                                                       arguments.date));
  }
  const std::vector<Token> prefix = ready.local.model->tokenizer().encode(as_bytes(arguments.prefix));
  out.insert(out.end(), prefix.begin(), prefix.end());
  return out;
}

// What makes the text what it is, so that it can be made again.
Json settings(const Ready& ready, const GenerateArguments& arguments) {
  const Sampling& s = arguments.options.sampling;
  const bool chat = !arguments.raw && ready.local.chat_template.has_value();
  return {{"model", ready.local.model->config().name},
          {"model_sha256", to_hex(ready.local.model->sha256())},
          {"numerics", kNumericsVersion},
          {"chat_template", chat},
          {"date", format("%04d-%02d-%02d", arguments.date.year, arguments.date.month, arguments.date.day)},
          {"temperature", s.temperature / double{kOne}},
          {"top_k", s.top_k},
          {"top_p", s.top_p / double{kOne}},
          {"min_p", s.min_p / double{kOne}},
          {"seed", arguments.options.seed}};
}

void print_scores(const Ready& ready, const GenerateArguments& arguments, std::size_t index,
                  const std::vector<ChoiceScore>& scores) {
  if (!arguments.json && arguments.jsonl.empty()) return print_choices(arguments.choices, scores);
  Json line = {{"index", index}, {"choices", json_of_choices(arguments.choices, scores, true)}};
  line.update(settings(ready, arguments));
  print_line(line);
}

Status choose(const Ready& ready, const GenerateArguments& arguments, const std::vector<Generator::Prompt>& prompts) {
  std::vector<std::vector<ChoiceScore>> scores(prompts.size());
  const auto workers = static_cast<unsigned>(std::clamp<std::size_t>(prompts.size(), 1, arguments.threads));
  const Generator each = ready.generator.with_threads(arguments.threads / workers);
  std::atomic<std::size_t> next{0};
  std::mutex printing;  // guards scores and printed
  std::size_t printed = 0;
  const auto work = [&](unsigned) -> Status {
    for (std::size_t i = next++; i < prompts.size() && !interrupted(); i = next++) {
      KOAN_ASSIGN(std::vector<ChoiceScore> made, each.choose(prompts[i], arguments.choices));
      const std::lock_guard lock(printing);
      scores[i] = std::move(made);
      for (; printed < scores.size() && !scores[printed].empty(); ++printed)  // in order, so that a Ctrl-C loses little
        print_scores(ready, arguments, printed, scores[printed]);
    }
    return {};
  };
  KOAN_TRY(run_workers(workers, work));
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return {};
}

Status write_text(const Ready& ready, const GenerateArguments& arguments,
                  const std::vector<Generator::Prompt>& prompts) {
  const bool streams = !arguments.json && arguments.jsonl.empty();
  FileSink out(STDOUT_FILENO, "stdout", stop_flag());
  Status failed;
  const auto show = [&](std::size_t, std::string_view piece) {
    if (streams && failed) failed = out.write(as_bytes(piece));
    return failed.has_value() && !interrupted();
  };
  KOAN_ASSIGN(const std::vector<Completion> made, ready.generator.run(prompts, arguments.options, show));
  if (out.reader_gone()) die_of_closed_pipe();
  KOAN_TRY(std::move(failed));
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  if (streams) return made[0].text.ends_with('\n') ? Status() : out.write(as_bytes("\n"));
  for (std::size_t i = 0; i < made.size(); ++i) {
    Json line = {{"index", i},
                 {"text", made[i].text},
                 {"finish_reason", name_of(made[i].reason)},
                 {"prompt_tokens", made[i].prompt_tokens},
                 {"tokens", made[i].tokens.size()}};
    line.update(settings(ready, arguments));
    print_line(line);
  }
  return {};
}

Status run(GenerateArguments arguments) {
  KOAN_ASSIGN(const NamedEndpoint named, resolve_endpoint(arguments.model));
  KOAN_ASSIGN(const std::vector<std::string> texts, read_prompts(arguments));
  if (named.is_remote) return generate_remote(arguments, texts);
  if (!arguments.remote_only.empty())
    return Error{ErrorCode::kUsage, arguments.remote_only.front() + " is for remote models; this one runs here"};
  arguments.model = named.local;
  KOAN_ASSIGN(const Ready ready, prepare(arguments));
  std::vector<Generator::Prompt> prompts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto tokens = tokens_of(texts[i], ready, arguments);
    if (!tokens) return std::move(tokens).error().in("prompt " + std::to_string(i + 1));
    prompts.push_back(std::move(*tokens));
  }
  return arguments.choices.empty() ? write_text(ready, arguments, prompts) : choose(ready, arguments, prompts);
}

}  // namespace

int run_generate(const std::vector<std::string>& words) {
  int code = kExitOk;
  const auto arguments = parse_generate(words, &code);
  if (!arguments) return code;
  return end_with(run(*arguments));
}

}  // namespace koan::cli
