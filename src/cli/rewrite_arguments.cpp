#include "cli/rewrite_arguments.h"

#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {
namespace {

struct Raw {
  RewriteArguments out;
  std::string by;
  bool share_given = false;
};

void add_options(CLI::App& app, Raw& raw) {
  RewriteArguments& out = raw.out;
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("FILE", out.input,
                 "A worked solution to shorten; - is stdin; without it the writer solves the problem first")
      ->type_name("");
  app.add_option("-p,--problem", out.problem, "The problem: free context, which decompression needs again")
      ->type_name("FILE");
  app.add_option("-o,--output", out.output, "The coded rewrite; default FILE.rewrite.koan")->type_name("FILE");
  app.add_option("--record", out.record, "What was tried and kept, as JSON; default OUTPUT.json")->type_name("FILE");
  app.add_option(
         "--by", raw.by,
         "ask: rewrite the solution, its answer hidden; sampling: draw solutions; single: several from one request;\n"
         "surprisal: leave out the words that the model predicts best, without any chat model.\n"
         "Default: ask with --writer, else surprisal")
      ->type_name("METHOD")
      ->check(CLI::IsMember({"ask", "sampling", "single", "surprisal"}));
  app.add_option("-n,--candidates", out.task.count, "Take the smallest of N; default 1")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  app.add_option("--writer", out.writer,
                 "Model that writes (docs/remote.md): openai:MODEL@URL, anthropic:MODEL, local:NAME, ...")
      ->type_name("ENDPOINT");
  app.add_option("--reader", out.reader, "Weaker model that must find the answer from problem and rewrite alone")
      ->type_name("ENDPOINT");
  app.add_flag("--no-check", out.unchecked, "No reader: the smallest candidate is taken whatever it says");
  app.add_option("--answer", out.task.answer, "What the reader must find; default: what the solution states")
      ->type_name("TEXT");
  app.add_option("--bits", out.bits, "surprisal: at most N bits, the whole file")->type_name("N");
  app.add_option_function<double>(
         "--share",
         [&raw](const double& share) {
           raw.out.share = share;
           raw.share_given = true;
         },
         "surprisal: at most this share of what the original takes; default 0.5")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1.0).description(""));
  app.add_option("--seed", out.task.seed, "Of the models' random numbers, where they take one; default 0")
      ->type_name("N");
  app.add_option("--model", out.model, "What codes the result: an embedded model, a name, a GGUF file")
      ->type_name("NAME");
  app.add_option("--level", out.level, "As of koan compress; default 9")
      ->type_name("N")
      ->check(CLI::Range(1, 9).description(""));
  app.add_option("-T,--threads", out.threads, "Of models that run here; never change a reply")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  add_remote_options(app, out.remote);
  app.add_flag("-f,--force", out.force, "Overwrite files");
  app.add_flag("--json", out.json, "The report as JSON");
  app.add_flag("-q,--quiet", out.quiet, "Say less");
}

// What is wrong; empty if nothing is.
std::string checked(Raw& raw) {
  RewriteArguments& out = raw.out;
  if (raw.by.empty()) raw.by = out.writer.empty() ? "surprisal" : "ask";
  out.extract = raw.by == "surprisal";
  out.task.method = raw.by == "single"     ? RewriteMethod::kSingle
                    : raw.by == "sampling" ? RewriteMethod::kSampling
                                           : RewriteMethod::kAsk;
  if (out.extract) {
    if (out.input.empty()) return "FILE is missing: surprisal shortens a text that is there";
    if (!out.writer.empty() || !out.reader.empty()) return "--by surprisal takes no --writer and no --reader";
    if (out.task.count != 1) return "--by surprisal has one result; -n goes with the other methods";
    if (out.bits && raw.share_given) return "--bits and --share both say how small; give one";
  } else {
    if (out.writer.empty()) return "--by " + raw.by + " needs --writer";
    if (out.reader.empty() && !out.unchecked)
      return "--reader is missing: without one nobody checks that the answer survives (--no-check does without)";
    if (!out.reader.empty() && out.unchecked) return "--reader and --no-check exclude each other";
    if (out.problem.empty() && (out.input.empty() || out.task.method != RewriteMethod::kAsk))
      return "--problem is missing: there is nothing to solve";
    if (out.bits || raw.share_given) return "--bits and --share go with --by surprisal";
  }
  if (out.output.empty()) {
    if (out.input.empty() || out.input == "-") return "-o is missing";
    out.output = out.input + ".rewrite.koan";
  }
  if (out.record.empty()) out.record = out.output + ".json";
  if (out.input == out.output || out.problem == out.output || out.record == out.output || out.record == out.input)
    return "input, output and record must be different files";
  return {};
}

}  // namespace

std::optional<RewriteArguments> parse_rewrite(const std::vector<std::string>& words, int* code) {
  Raw raw;
  CLI::App app("Shorten a worked solution so that its answer survives, and code what is left", "koan rewrite");
  add_options(app, raw);
  if (!parse_words(app, words, "koan rewrite", code)) return std::nullopt;
  if (const std::string wrong = checked(raw); !wrong.empty()) {
    complain(wrong);
    *code = kExitUsage;
    return std::nullopt;
  }
  if (raw.out.threads == 0) raw.out.threads = available_cores();
  return std::move(raw.out);
}

}  // namespace koan::cli
