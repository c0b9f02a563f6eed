#include "cli/generate_arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {
namespace {

struct Raw {
  GenerateArguments out;
  std::string temperature = "1", top_p = "1", min_p = "0", date;
};

void add_options(CLI::App& app, Raw& raw) {
  GenerateArguments& out = raw.out;
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("PROMPT", out.input,
                 "What to continue, or what to answer if the model has a chat template;\n"
                 "- or nothing: the standard input")
      ->type_name("");
  app.add_flag("--file", out.from_file, "PROMPT names a file");
  app.add_option("--jsonl", out.jsonl, "One prompt for each line of JSON; prints one object a line")->type_name("FILE");
  app.add_option("--field", out.field, "Where the prompt is in a record; default prompt")->type_name("PATH");
  app.add_option("-m,--model", out.model,
                 "An embedded model (nano, small), a name, a GGUF file or folder, or a remote one:\n"
                 "openai:MODEL@URL, anthropic:MODEL, a name in the configuration; default: the largest embedded")
      ->type_name("NAME");
  app.add_option("--system", out.system, "System message of a chat template")->type_name("TEXT");
  app.add_option("--prefix", out.prefix, "Beginning of the answer")->type_name("TEXT");
  app.add_flag("--raw", out.raw, "Continue the prompt as it stands, without the model's chat template");
  app.add_option("--date", raw.date, "What a chat template takes for today; default: today")->type_name("YYYY-MM-DD");
  app.add_option("-n,--max-tokens", out.options.max_tokens, "At most so many tokens; default 256")->type_name("N");
  app.add_option("--temperature", raw.temperature, "0: always the most probable token; default 1")->type_name("T");
  app.add_option("--top-k", out.options.sampling.top_k, "Only the K most probable tokens; 0: all")->type_name("K");
  app.add_option("--top-p", raw.top_p, "Only the most probable that together reach P; default 1")->type_name("P");
  app.add_option("--min-p", raw.min_p, "Only those with P times the highest probability; default 0")->type_name("P");
  app.add_option("--seed", out.options.seed, "Same seed, same text, on every machine; default 0")->type_name("N");
  app.add_option("--stop", out.options.stop, "Ends the text; may be repeated")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--ignore-end", out.options.ignore_end, "Go on where the model would stop");
  app.add_option("--choice", out.choices, "How probable this answer is beside the other --choices; may be repeated")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--batch", out.batch, "Prompts that advance together; never changes the text; default 8")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  app.add_option("-T,--threads", out.threads, "Threads, never change the text; default: one a core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  add_remote_options(app, out.remote);
  app.add_flag("--json", out.json, "One JSON object a prompt");
  app.add_flag("-q,--quiet", out.quiet, "Say less");
}

// What no interface over HTTP has.
constexpr const char* kLocalOnly[] = {"--prefix", "--raw",        "--date",  "--top-k",
                                      "--min-p",  "--ignore-end", "--batch", "--threads"};

bool parse_date(const std::string& text, jinja::Date& out) {
  if (text.empty()) {
    const std::time_t now = std::time(nullptr);
    std::tm when{};
    ::localtime_r(&now, &when);
    out = {when.tm_year + 1900, when.tm_mon + 1, when.tm_mday};
    return true;
  }
  char rest = 0;
  return std::sscanf(text.c_str(), "%4d-%2d-%2d%c", &out.year, &out.month, &out.day, &rest) == 3 && out.year >= 1 &&
         out.month >= 1 && out.month <= 12 && out.day >= 1 && out.day <= 31;
}

// What is wrong; empty if nothing is.
std::string checked(Raw& raw) {
  GenerateArguments& out = raw.out;
  const auto temperature = parse_fraction(raw.temperature, 100), top_p = parse_fraction(raw.top_p, 1),
             min_p = parse_fraction(raw.min_p, 1);
  if (!temperature) return "--temperature: '" + raw.temperature + "' is not a number from 0 to 100";
  if (!top_p || *top_p == 0) return "--top-p: '" + raw.top_p + "' is not a number above 0 and up to 1";
  if (!min_p) return "--min-p: '" + raw.min_p + "' is not a number from 0 to 1";
  if (out.threads == 0) out.threads = available_cores();
  out.options.sampling.temperature = *temperature;
  std::from_chars(raw.temperature.data(), raw.temperature.data() + raw.temperature.size(), out.temperature);
  std::from_chars(raw.top_p.data(), raw.top_p.data() + raw.top_p.size(), out.top_p);
  out.options.sampling.top_p = *top_p;
  out.options.sampling.min_p = *min_p;
  if (!parse_date(raw.date, out.date)) return "--date: '" + raw.date + "' is not YYYY-MM-DD";
  if (!out.jsonl.empty() && (!out.input.empty() || out.from_file)) return "--jsonl takes no PROMPT";
  if (out.choices.size() == 1) return "--choice is given once; there is nothing to choose from";
  if (out.raw && !out.system.empty()) return "--system goes with a chat template, not with --raw";
  return {};
}

}  // namespace

std::optional<std::uint32_t> parse_fraction(const std::string& text, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= most)) return std::nullopt;
  return to_fraction(value);
}

std::optional<GenerateArguments> parse_generate(const std::vector<std::string>& words, int* code) {
  Raw raw;
  CLI::App app("Text from an exact model, the same on every machine, or from a remote one", "koan generate");
  add_options(app, raw);
  if (!parse_words(app, words, "koan generate", code)) return std::nullopt;
  for (const char* option : kLocalOnly)
    if (app.count(option) != 0) raw.out.local_only.emplace_back(option);
  raw.out.remote_only = remote_options_in(app);
  if (const std::string wrong = checked(raw); !wrong.empty()) {
    complain(wrong);
    *code = kExitUsage;
    return std::nullopt;
  }
  return std::move(raw.out);
}

}  // namespace koan::cli
