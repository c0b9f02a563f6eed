#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "koan/koan.h"

namespace koan::cli {
namespace {

struct VerbName {
  std::string_view name;
  Verb verb;
  const char* what;
};
constexpr std::array<VerbName, 6> kVerbs = {{
    {"compress", Verb::kCompress, "Compress FILE to FILE.koan"},
    {"decompress", Verb::kDecompress, "Decompress FILE.koan to FILE"},
    {"test", Verb::kTest, "Decode, compare all checksums, write nothing"},
    {"list", Verb::kList, "What a file holds; needs no model"},
    {"models", Verb::kModels, "The models this koan has, or what FILEs hold; import, remove: its own store"},
    {"bench", Verb::kBench, "Ratio, speed and memory beside other compressors"},
}};

constexpr const char* kFilterWhat =
    "Lossless compression with an exact language model.\n\n"
    "  koan compress [OPTIONS] [FILE...]       FILE -> FILE.koan\n"
    "  koan decompress [OPTIONS] [FILE...]     FILE.koan -> FILE\n"
    "  koan test [OPTIONS] FILE...             decode, compare all checksums, write nothing\n"
    "  koan list [OPTIONS] FILE...             what a file holds; needs no model\n"
    "  koan models [OPTIONS] [FILE...]         the models this koan has\n"
    "  koan models import MODEL...             put models where koan finds them; remove NAME...\n"
    "  koan adapters [VERB] ...                the adapters this koan has: list, info, add, remove, ...\n"
    "  koan adapt INPUT... -o FILE             train an adapter on your text (by koan-train)\n"
    "  koan generate [OPTIONS] [PROMPT]        text from a model, the same on every machine\n"
    "  koan ask run|send|receive [OPTIONS] ... a small model asks a large one yes/no questions\n"
    "  koan rewrite [OPTIONS] [FILE]           a shorter text that still yields the answer\n"
    "  koan bench [OPTIONS] FILE...            ratio, speed, memory beside other compressors\n"
    "  koan eval lossless [OPTIONS] [SPEC]     what adapters bring, measured\n\n"
    "Without a verb: compress (-d: decompress, -t: test, -l: list), as a filter if no FILE is given.";

// What the command line says, before it is checked.
struct Raw {
  Arguments out;
  std::vector<int> levels;
  std::string segment, lines;
  unsigned threads = 0;
  bool keep = false, decompress = false, test = false, list = false, no_peers = false, levels_table = false,
       ablation = false, no_progress = false, version = false;
};

// "32K", "1M", "65536"; nothing if it is no size of a segment.
std::optional<std::uint32_t> parse_size(const std::string& text) {
  std::size_t used = 0;
  std::uint64_t value = 0;
  for (; used < text.size() && text[used] >= '0' && text[used] <= '9' && used < 10; ++used) {
    value = value * 10 + static_cast<std::uint64_t>(text[used] - '0');
  }
  if (used == 0) return std::nullopt;
  const std::string unit = text.substr(used);
  if (unit == "K" || unit == "k" || unit == "KiB") {
    value <<= 10;
  } else if (unit == "M" || unit == "MiB") {
    value <<= 20;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  if (value < 1024 || value > (8u << 20)) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// "7", "7-9", "7-": lines counted from 1.
bool parse_lines(const std::string& text, Arguments& out) {
  const auto number = [](std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() && value >= 1;
  };
  const std::size_t dash = std::min(text.find('-'), text.size());
  std::uint64_t first = 0, last = 0;
  if (!number(std::string_view(text).substr(0, dash), first)) return false;
  if (dash == text.size()) {
    last = first;
  } else if (dash + 1 == text.size()) {
    last = UINT64_MAX;
  } else if (!number(std::string_view(text).substr(dash + 1), last) || last < first) {
    return false;
  }
  out.first_line = first - 1;
  out.line_count = last == UINT64_MAX ? UINT64_MAX : last - first + 1;
  return true;
}

// Without a description: the help says what the number means, not how it is checked.
CLI::Validator range(int lowest, int highest) { return CLI::Range(lowest, highest).description(""); }

void add_coding_options(CLI::App& app, Raw& raw, bool encodes) {
  if (encodes) {
    app.add_flag("-1{1},-2{2},-3{3},-4{4},-5{5},-6{6},-7{7},-8{8},-9{9}", raw.levels)->group("");
    app.add_option("--segment-size", raw.segment, "Raw bytes per segment, e.g. 32K; overrides the level")
        ->type_name("N");
    app.add_option("--segments", raw.out.segments, "Cut each 8 MiB block into so many; overrides the level")
        ->type_name("N")
        ->check(range(1, 8192));
    app.footer("  -1 .. -9                    Fast to small; default 6");
  }
  if (encodes) {
    app.add_option("--adapter", raw.out.adapters,
                   "Adapter to compress with: a name, a GGUF file, auto (the best of all), none; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--route", raw.out.route, "How one of several adapters is picked for each text: trial, text, prompt")
        ->type_name("HOW")
        ->check(CLI::IsMember({"trial", "text", "prompt"}).description(""));
  } else {
    app.add_option("--adapter", raw.out.adapters, "GGUF adapter that is also known")
        ->type_name("FILE")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  app.add_option("--context", raw.out.context, "Text that the data continues; the same is needed to decompress")
      ->type_name("FILE");
  app.add_option("--streams", raw.out.streams, "Segments advanced together per thread; never changes the bytes")
      ->type_name("N")
      ->check(range(1, 64));
  app.add_option("-T,--threads", raw.threads, "Threads; 0: one per core; never changes the bytes")
      ->type_name("N")
      ->check(range(0, 1024));
}

void add_output_options(CLI::App& app, Raw& raw) {
  app.add_option("-o,--output", raw.out.output, "Write to FILE; - is stdout")->type_name("FILE");
  app.add_flag("-c,--stdout", raw.out.to_stdout, "Write to stdout");
  app.add_flag("-f,--force", raw.out.force, "Overwrite; use a terminal");
  app.add_flag("-k,--keep", raw.keep, "Keep the source (the default)");
  app.add_flag("--rm", raw.out.remove_source, "Delete the source after the result is complete");
}

void add_options(CLI::App& app, Raw& raw, Verb verb, bool filter) {
  const bool moves = verb == Verb::kCompress || verb == Verb::kDecompress;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("FILE", raw.out.files,
                 verb == Verb::kModels ? "Names, GGUF files or folders to describe" : "- or nothing: stdin")
      ->type_name("")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (moves) add_output_options(app, raw);
  if (verb != Verb::kModels) add_coding_options(app, raw, verb == Verb::kCompress || verb == Verb::kBench);
  if (verb == Verb::kList || filter) {
    app.add_flag("--records", raw.out.list_records, "What each line of JSON costs (of --jsonl)");
  }
  if (verb == Verb::kCompress) {
    app.add_flag("--jsonl", raw.out.records, "Lines of JSON: code each line's text for itself, readable alone");
    app.add_option("--field", raw.out.field, "Where that text is, e.g. message.content; default: the usual names")
        ->type_name("PATH");
    app.add_option("--context-field", raw.out.context_field,
                   "What it continues and is not charged for, e.g. prompt; default: the usual names; none")
        ->type_name("PATH");
    app.add_flag("--verify", raw.out.verify, "Decode what was written and compare before the result gets its name");
    // tar -I 'koan compress' unpacks with 'koan compress -d'.
    auto* decompress = app.add_flag("-d,--decompress", raw.decompress, "Decompress");
    if (!filter) decompress->group("");
  }
  if (verb == Verb::kDecompress || filter) {
    app.add_option("--lines", raw.lines, "Only these lines, counted from 1; records are read alone")
        ->type_name("N[-M]");
  }
  if (filter) {
    app.add_flag("-t,--test", raw.test, "Test");
    app.add_flag("-l,--list", raw.list, "List");
  }
  if (verb == Verb::kBench) {
    app.add_option("--runs", raw.out.runs, "Times each measurement is repeated; default 3")
        ->type_name("N")
        ->check(range(1, 1000));
    app.add_flag("--no-peers", raw.no_peers, "koan alone");
    app.add_flag("--levels", raw.levels_table, "One row for each level");
    app.add_flag("--ablation", raw.ablation, "One row for each choice of adaptive predictors");
  }
  app.add_option("--model", raw.out.model,
                 "Model to compress with: a name, a GGUF file, a Hugging Face folder; also known when\n"
                 "decompressing")
      ->type_name("NAME");
  app.add_flag("-q,--quiet", raw.out.quiet, "Say less");
  app.add_flag("-v,--verbose", raw.out.verbose, "Say more")->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.add_flag("--no-progress", raw.no_progress, "No progress line");
  app.add_flag("--json", raw.out.json, "One JSON object on stdout (on stderr when stdout carries data)");
  app.add_flag("-V,--version", raw.version, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
}

std::optional<Arguments> refuse(const std::string& message, int* exit_code) {
  std::fprintf(stderr, "koan: %s\n", message.c_str());
  *exit_code = kExitUsage;
  return std::nullopt;
}

// What is wrong with the options of segments and of bench; empty if nothing is.
std::string clash(const Raw& raw) {
  const bool segments = raw.out.segments != 0 || !raw.segment.empty();
  if (raw.out.segments != 0 && !raw.segment.empty()) return "choose one of --segments and --segment-size";
  if (raw.levels_table && raw.ablation) return "choose one of --levels and --ablation";
  if (raw.levels_table && (segments || !raw.levels.empty()))
    return "--levels measures every level; it takes none, nor a segment size";
  if (!raw.out.records && (!raw.out.field.empty() || !raw.out.context_field.empty()))
    return "--field and --context-field go with --jsonl";
  if (!raw.out.route.empty() && raw.out.adapters.empty()) return "--route goes with --adapter";
  return {};
}

// What does not go with the verb or the level; empty if all does.
std::string unfit(const Arguments& out) {
  const bool encodes = out.verb == Verb::kCompress || out.verb == Verb::kBench;
  if (out.list_records && out.verb != Verb::kList) return "--records goes with list";
  if (out.verb == Verb::kList && !out.list_records && !out.context.empty())
    return "list needs no --context but with --records";
  if (out.level < 3 && out.records) return "--jsonl needs a model: level -3 or higher";
  if (out.level < 3 && encodes && out.takes_adapter()) return "--adapter needs a model: level -3 or higher";
  return {};
}

std::optional<Arguments> checked(Raw raw, int* exit_code) {
  if (const std::string wrong = clash(raw); !wrong.empty()) return refuse(wrong, exit_code);
  Arguments out = std::move(raw.out);
  if (int{raw.decompress} + int{raw.test} + int{raw.list} > 1) return refuse("choose one of -d, -t and -l", exit_code);
  if (raw.decompress) out.verb = Verb::kDecompress;
  if (raw.test) out.verb = Verb::kTest;
  if (raw.list) out.verb = Verb::kList;
  if (!raw.levels.empty()) out.level = raw.levels.back();
  if (!raw.segment.empty()) {
    const auto size = parse_size(raw.segment);
    if (!size) return refuse("--segment-size: \"" + raw.segment + "\" is not a size from 1K to 8M", exit_code);
    out.segment_bytes = *size;
  }
  if (!raw.lines.empty()) {
    if (out.verb != Verb::kDecompress) return refuse("--lines goes with decompress", exit_code);
    if (!parse_lines(raw.lines, out))
      return refuse("--lines: \"" + raw.lines + "\" is not N, N-M or N- with N from 1", exit_code);
  }
  if (const std::string wrong = unfit(out); !wrong.empty()) return refuse(wrong, exit_code);
  out.threads = raw.threads == 0 ? available_cores() : raw.threads;
  out.peers = !raw.no_peers;
  if (raw.levels_table) out.rows = BenchRows::kLevels;
  if (raw.ablation) out.rows = BenchRows::kAblation;
  out.progress = !raw.no_progress && !out.quiet;
  if (raw.keep) out.remove_source = false;
  if (!out.output.empty() && out.output != "-" && out.to_stdout) return refuse("choose one of -c and -o", exit_code);
  if (out.output == "-") out.to_stdout = true;
  if (!out.output.empty() && out.files.size() > 1)
    return refuse("-o takes one input only; use -c to write several to stdout", exit_code);
  if (out.files.empty()) {
    if (out.verb == Verb::kBench) return refuse("bench needs a FILE", exit_code);
    if (out.verb != Verb::kModels) out.files.emplace_back("-");
  }
  if (out.remove_source && out.to_stdout) return refuse("--rm does not go with writing to stdout", exit_code);
  if (out.verify && out.to_stdout) return refuse("--verify does not go with writing to stdout", exit_code);
  return out;
}

}  // namespace

std::optional<Arguments> parse_arguments(int argc, const char* const* argv, int* exit_code) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  Raw raw;
  bool filter = true;
  std::string title = kFilterWhat, name = "koan";
  if (!words.empty()) {
    for (const VerbName& verb : kVerbs) {
      if (words[0] != verb.name) continue;
      raw.out.verb = verb.verb;
      filter = false;
      title = verb.what;
      name += " " + words[0];
      words.erase(words.begin());
      break;
    }
  }
  CLI::App app(title, name);
  add_options(app, raw, raw.out.verb, filter);
  // CLI11 takes "[x]" for a list; as a path it is the file of that name.
  for (std::string& word : words) {
    if (word.size() > 1 && word.front() == '[' && word.back() == ']') word = std::string("./").append(word);
  }
  if (!parse_words(app, words, "koan", exit_code)) return std::nullopt;
  if (raw.version) {
    std::printf("koan %s\n", koan_version());
    *exit_code = kExitOk;
    return std::nullopt;
  }
  return checked(std::move(raw), exit_code);
}

}  // namespace koan::cli
