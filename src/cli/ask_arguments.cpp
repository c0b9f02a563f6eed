#include "cli/ask_arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {
namespace {

constexpr const char* kWhat =
    "A small model attempts a problem and asks yes/no questions; a large one answers; only the answers are sent.\n\n"
    "  koan ask run [OPTIONS] PROBLEM              both sides here: the revised answer, and what it cost\n"
    "  koan ask send [OPTIONS] PROBLEM -o FILE     the large model's side: writes its answers, some 23 bytes\n"
    "  koan ask receive [OPTIONS] PROBLEM FILE     the small model's side: the same revised answer\n"
    "  koan ask show [--html] TRANSCRIPT           a transcript for readers\n"
    "  koan ask protocols                          the protocols there are";

struct Name {
  const char* word;
  AskVerb verb;
};
constexpr Name kNames[] = {{"run", AskVerb::kRun},
                           {"send", AskVerb::kSend},
                           {"receive", AskVerb::kReceive},
                           {"show", AskVerb::kShow},
                           {"protocols", AskVerb::kProtocols}};

void add_problem(CLI::App& app, AskArguments& out) {
  app.add_option("PROBLEM", out.input, "The problem; - or nothing: the standard input")->type_name("");
  app.add_flag("--file", out.from_file, "PROBLEM names a file");
}

void add_near(CLI::App& app, AskArguments& out) {
  app.add_option("--small", out.small, "The solver; default local:nano")->type_name("MODEL");
  app.add_option("--questioner", out.questioner, "Who asks; default: the solver")->type_name("MODEL");
  app.add_option("--transcript", out.transcript, "Keep every step in this file; go on from what it holds")
      ->type_name("FILE");
  app.add_option("-T,--threads", out.threads, "Threads; never change a reply")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

void add_far(CLI::App& app, AskArguments& out) {
  app.add_option("--large", out.large, "The answerer; default local:small")->type_name("MODEL");
  app.add_option("--judge", out.judge, "Who gives scores, in protocols that want them; default: the answerer")
      ->type_name("MODEL");
  app.add_option("--protocol", out.protocol, "As koan ask protocols lists them; default batch10")->type_name("NAME");
  add_remote_options(app, out.remote);
  app.add_option("--seed", out.seed, "Default 0")->type_name("N");
  app.add_option("-n,--max-tokens", out.max_tokens, "At most so many tokens a reply; default: what the protocol says")
      ->type_name("N");
  app.add_option("--gold", out.gold, "The reference answer, for protocols named oracle")->type_name("FILE");
}

void add_options(CLI::App& app, AskArguments& out) {
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const bool plays = out.verb == AskVerb::kRun || out.verb == AskVerb::kSend || out.verb == AskVerb::kReceive;
  if (plays) {
    add_problem(app, out);
    add_near(app, out);
  }
  if (out.verb == AskVerb::kRun || out.verb == AskVerb::kSend) add_far(app, out);
  if (out.verb == AskVerb::kReceive) app.add_option("FILE", out.ask_file, "What send wrote")->type_name("")->required();
  if (out.verb == AskVerb::kShow) {
    app.add_option("TRANSCRIPT", out.input, "What --transcript wrote")->type_name("")->required();
    app.add_flag("--html", out.html, "A page that needs nothing else");
  }
  if (out.verb == AskVerb::kSend || out.verb == AskVerb::kShow) {
    auto* output = app.add_option("-o,--output", out.output, "Where to write it")->type_name("FILE");
    if (out.verb == AskVerb::kSend) output->required();
    app.add_flag("-f,--force", out.force, "Overwrite it");
  }
  if (out.verb != AskVerb::kShow) app.add_flag("--json", out.json, "JSON on stdout");
  if (plays) app.add_flag("-q,--quiet", out.quiet, "Only the answer");
}

std::string checked(const AskArguments& out) {
  if (out.verb == AskVerb::kReceive && out.input.empty()) return "receive needs the PROBLEM and the FILE";
  return {};
}

}  // namespace

std::optional<AskArguments> parse_ask(const std::vector<std::string>& words, int* code) {
  *code = kExitOk;
  if (words.empty() || words[0] == "-h" || words[0] == "--help") {
    std::cout << kWhat << "\n" << std::flush;
    if (words.empty()) *code = kExitUsage;
    return std::nullopt;
  }
  AskArguments out;
  const auto* name =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) { return words[0] == n.word; });
  if (name == std::end(kNames)) {
    complain("'" + words[0] + "' is not run, send, receive, show or protocols");
    say("Try 'koan ask --help'.");
    *code = kExitUsage;
    return std::nullopt;
  }
  out.verb = name->verb;
  CLI::App app(kWhat, "koan ask " + words[0]);
  add_options(app, out);
  if (!parse_words(app, std::span(words).subspan(1), "koan ask " + words[0], code)) return std::nullopt;
  if (const std::string wrong = checked(out); !wrong.empty()) {
    complain(wrong);
    *code = kExitUsage;
    return std::nullopt;
  }
  if (out.threads == 0) out.threads = available_cores();
  return out;
}

}  // namespace koan::cli
