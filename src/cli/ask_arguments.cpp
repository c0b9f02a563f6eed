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
    "  koan ask serve [OPTIONS] --cap BITS         the large model's side over HTTP: one bit for a question, metered\n"
    "  koan ask show [--html] TRANSCRIPT           a transcript for readers\n"
    "  koan ask protocols                          the protocols there are";

struct Name {
  const char* word;
  AskVerb verb;
};
constexpr Name kNames[] = {{"run", AskVerb::kRun},     {"send", AskVerb::kSend}, {"receive", AskVerb::kReceive},
                           {"serve", AskVerb::kServe}, {"show", AskVerb::kShow}, {"protocols", AskVerb::kProtocols}};

void add_problem(CLI::App& app, AskArguments& out) {
  app.add_option("PROBLEM", out.input, "The problem; - or nothing: the standard input")->type_name("");
  app.add_flag("--file", out.from_file, "PROBLEM names a file");
}

void add_threads(CLI::App& app, AskArguments& out) {
  app.add_option("-T,--threads", out.threads, "Threads; never change a reply")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

void add_near(CLI::App& app, AskArguments& out) {
  app.add_option("--small", out.small, "The solver; default local:drill-small")->type_name("MODEL");
  app.add_option("--questioner", out.questioner, "Who asks; default: the solver")->type_name("MODEL");
  app.add_option("--transcript", out.transcript, "Keep every step in this file; go on from what it holds")
      ->type_name("FILE");
  add_threads(app, out);
}

void add_large(CLI::App& app, AskArguments& out) {
  app.add_option("--large", out.large, "The answerer; default local:drill-large")->type_name("MODEL");
  app.add_option("-n,--max-tokens", out.max_tokens, "At most so many tokens a reply; default: what the protocol says")
      ->type_name("N");
  add_remote_options(app, out.remote);
}

void add_serve(CLI::App& app, AskArguments& out) {
  LiveUse& live = out.live;
  const auto bits = CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000}).description("");
  app.add_option("--cap", live.cap, "Bits for each client and day")->type_name("BITS")->required()->check(bits);
  app.add_option("--total", live.total, "Bits for all clients together a day; default: no limit")
      ->type_name("BITS")
      ->check(bits);
  app.add_option("--ledger", live.ledger, "Where bits are written down; default: ask_bits.log of koan's state")
      ->type_name("FILE");
  app.add_option("--clients", live.clients, "Lines of NAME and SHA-256 of a token; default: no token, one client")
      ->type_name("FILE");
  app.add_option("--listen", live.listen, "Default 127.0.0.1:8604; port 0: any")->type_name("ADDRESS:PORT");
  app.add_option("--cert", live.certificate, "Speak TLS with this certificate (PEM)")->type_name("FILE");
  app.add_option("--key", live.key, "The certificate's key (PEM)")->type_name("FILE");
  app.add_flag("-v,--verbose", live.verbose, "A line on stderr for what is spent");
}

void add_far(CLI::App& app, AskArguments& out) {
  add_large(app, out);
  app.add_option("--judge", out.judge, "Who gives scores, in protocols that want them; default: the answerer")
      ->type_name("MODEL");
  app.add_option("--protocol", out.protocol, "As koan ask protocols lists them; default batch10")->type_name("NAME");
  app.add_option("--seed", out.seed, "Default 0")->type_name("N");
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
  if (out.verb == AskVerb::kRun)
    app.add_option("--ca", out.live.ca, "With --large serve:https://...: certificates to trust (PEM)")
        ->type_name("FILE");
  if (out.verb == AskVerb::kServe) {
    add_large(app, out);
    add_threads(app, out);
    add_serve(app, out);
  }
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
  if (out.verb != AskVerb::kShow && out.verb != AskVerb::kServe) app.add_flag("--json", out.json, "JSON on stdout");
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
    complain("'" + words[0] + "' is not run, send, receive, serve, show or protocols");
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
