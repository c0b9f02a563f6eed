// koan eval lossless: measures what adapters bring (docs/evaluation.md). It runs this very program on files, as a user
// would.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/eval_tasks.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "eval/lossless.h"
#include "eval/table.h"
#include "koan/koan.h"
#include "text/tokenizer.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSpec = std::uint64_t{1} << 20;
constexpr const char* kDefaultSpec = "evals/lossless.json";

struct EvalArguments {
  std::string spec = kDefaultSpec;
  std::string data, out, adapters, model;  // empty: by rule
  std::vector<std::string> domains;
  unsigned threads = 0;
  int verbose = 0;
  bool json = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<EvalArguments> parse(std::vector<std::string> words, int* code) {
  EvalArguments out;
  CLI::App app("What adapters bring, measured (docs/evaluation.md)", "koan eval");
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  CLI::App& lossless =
      *app.add_subcommand("lossless", "Every domain of SPEC with every adapter, routed, and beside others");
  app.add_subcommand("run", "A benchmark by a small and a large model and by ways between them");
  app.add_subcommand("tasks", "The benchmarks that koan knows, and their problems");
  app.add_subcommand("grade", "Replies to a benchmark's problems, graded");
  lossless.set_help_flag("-h,--help", "Print this help");
  lossless.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  lossless.add_option("SPEC", out.spec, std::string("Specification; default ") + kDefaultSpec)->type_name("");
  lossless.add_option("--data", out.data, "Folder of the domains; default: what SPEC says")->type_name("DIR");
  lossless.add_option("--out", out.out, "Folder of the results; default train-work/NAME, NAME as SPEC says")
      ->type_name("DIR");
  lossless
      .add_option("--adapters", out.adapters,
                  "Folder of NAME.lora.gguf; default: adapters in that of the results. "
                  "Those that are missing are trained")
      ->type_name("DIR");
  lossless
      .add_option("--model", out.model, "An embedded model (nano, small), a name, a GGUF file or folder; default: nano")
      ->type_name("NAME");
  lossless.add_option("--domains", out.domains, "Only these, with commas between them")
      ->type_name("NAMES")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  lossless.add_option("-T,--threads", out.threads, "Threads; 0: one per core; never changes the sizes")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  lossless.add_flag("-v,--verbose", out.verbose, "Every unit for every domain");
  lossless.add_flag("-q,--quiet", out.quiet, "Say less");
  lossless.add_flag("--json", out.json, "results.json on stdout rather than tables");
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << (lossless.parsed() ? lossless.help() : app.help()) << std::flush;
    *code = kExitOk;
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    complain(error.what());
    say("Try 'koan eval --help'.");
    *code = kExitUsage;
    return std::nullopt;
  }
  return out;
}

// As long as we run this is the program that we are, even if another was built in its place.
std::string running_program() { return "/proc/" + std::to_string(::getpid()) + "/exe"; }

Result<ModelIdentity> identify_model(const std::string& word) {
  ModelBytes bytes{std::size_t{0}, {}, {}};
  if (!word.empty()) {
    KOAN_ASSIGN(bytes, read_model(word));
  }
  const ByteView gguf = bytes.gguf();
  auto file = parse_gguf_model(gguf);
  if (!file) return std::move(file).error().in(bytes.path);
  auto made = Tokenizer::from_gguf(*file);
  if (!made) return std::move(made).error().in(bytes.path);
  const auto tokenizer = std::make_shared<const Tokenizer>(std::move(*made));
  ModelIdentity out;
  const auto name = file->get_string("general.name");
  out.name = name ? *name : "unnamed";
  out.sha256 = to_hex(sha256(gguf));
  out.bytes = gguf.size();
  out.vocabulary = static_cast<std::uint32_t>(tokenizer->size());
  out.count_tokens = [tokenizer](ByteView text) { return tokenizer->encode(text).size(); };
  return out;
}

struct Job {
  LosslessSetup setup;
  ReportIdentity identity;
};

Result<Job> prepare(const EvalArguments& arguments) {
  Job job;
  auto text = read_file(arguments.spec, kMaxSpec);
  if (!text && arguments.spec == kDefaultSpec)
    return Error{text.error().code, text.error().message + "; run this in koan's source folder, or name a SPEC"};
  if (!text) return std::move(text).error();
  auto spec = parse_spec(as_text(*text));
  if (!spec) return std::move(spec).error().in(arguments.spec);
  KOAN_TRY(keep_domains(*spec, arguments.domains));
  KOAN_ASSIGN(const Bytes program, read_file(running_program(), kMaxModelBytes));
  KOAN_ASSIGN(job.setup.model, identify_model(arguments.model));
  job.setup.koan = std::string(koan_version()) + " " + to_hex(sha256(program));
  job.setup.data = arguments.data.empty() ? spec->data : arguments.data;
  job.setup.out = arguments.out.empty() ? "train-work/" + spec->name : arguments.out;
  job.setup.adapters = arguments.adapters.empty() ? job.setup.out + "/adapters" : arguments.adapters;
  job.setup.stop = stop_flag();
  job.setup.say = [quiet = arguments.quiet](const std::string& line) {
    if (!quiet) say(line);
  };
  job.identity = {spec->name, to_hex(sha256(*text)), job.setup.koan, spec->version, spec->bootstrap, spec->training};
  job.setup.spec = std::move(*spec);
  return job;
}

void print_table(const TextTable& table) {
  if (table.rows.empty()) return;
  Table out(table.rows.front());
  for (std::size_t i = 1; i < table.rows.size(); ++i) out.add(table.rows[i]);
  std::printf("%s\n\n%s", printable(table.title).c_str(), out.text().c_str());
  for (const std::string& note : table.notes) std::printf("%s\n", note.c_str());
  std::printf("\n");
}

void print_tables(const Summary& summary, bool everything) {
  print_table(main_table(summary));
  print_table(comparison_table(summary));
  print_table(routing_table(summary));
  print_table(matrix_table(summary));
  print_table(unit_table(summary.pooled));
  if (!everything) return;
  for (const DomainSummary& domain : summary.domains) print_table(unit_table(domain));
}

Status evaluate(const EvalArguments& arguments) {
  KOAN_ASSIGN(Job job, prepare(arguments));
  LosslessSetup& setup = job.setup;
  KoanProgram program;
  program.koan = running_program();
  program.model = arguments.model;
  program.fields = setup.spec.fields;
  program.threads = arguments.threads == 0 ? available_cores() : arguments.threads;
  program.work = setup.out + "/work";
  program.stop = setup.stop;
  KoanRecordCoder coder(std::move(program));
  setup.coder = &coder;

  KOAN_ASSIGN(const LosslessResult result, run_lossless(setup));
  const Summary summary = summarise(result, setup.model, setup.spec.bootstrap);
  const std::string json = to_json(summary, result, setup.model, job.identity);
  KOAN_TRY(write_result(setup.out + "/results.json", json));
  KOAN_TRY(write_result(setup.out + "/results.csv", to_csv(summary)));
  std::error_code ignored;
  fs::remove_all(setup.out + "/work", ignored);
  if (arguments.json) {
    std::fwrite(json.data(), 1, json.size(), stdout);
  } else {
    print_tables(summary, arguments.verbose > 0);
  }
  if (!arguments.quiet) say("written: " + setup.out + "/results.json, results.csv");
  return {};
}

}  // namespace

int run_eval(const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == "run") return run_eval_run({words.begin() + 1, words.end()});
  if (const auto done = run_eval_tools(words)) return *done;
  int code = kExitOk;
  const auto arguments = parse(words, &code);
  if (!arguments) return code;
  return end_with(evaluate(*arguments));
}

}  // namespace koan::cli
