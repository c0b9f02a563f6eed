// koan adapters VERB: the table of its verbs, and their command lines.
#include "cli/cmd_adapters.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/adapters_peft.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "koan/koan.h"

namespace koan::cli {
namespace {

void take_files(CLI::App& app, Arguments& out, const char* name, const char* what, bool required) {
  auto* files = app.add_option(name, out.files, what)->type_name("");
  files->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (required) files->required();
}

void list_options(CLI::App& app, Arguments& out) {
  app.add_flag("-v,--verbose", out.verbose, "Everything that the files say");
}

void info_options(CLI::App& app, Arguments& out) {
  take_files(app, out, "ADAPTER", "Names or files", true);
  app.add_option("--model", out.model, "GGUF model that is also known")->type_name("FILE");
}

void add_options(CLI::App& app, Arguments& out) {
  take_files(app, out, "FILE", "GGUF adapters", true);
  app.add_option("--name", out.name, "What to call it; default: what the file says, else the file's own name")
      ->type_name("NAME");
  app.add_flag("-f,--force", out.force, "Replace another adapter of that name");
}

void remove_options(CLI::App& app, Arguments& out) { take_files(app, out, "NAME", "Names", true); }

void cluster_options(CLI::App& app, Arguments& out) {
  take_files(app, out, "CORPUS", "Text files, JSONL files (.jsonl, .ndjson; any of these .zst), folders", true);
  app.add_option("-k,--clusters", out.clusters.k, "Groups to make")->type_name("K")->required();
  app.add_option("-o,--output", out.output, "Folder for groups and adapters; made if it is not there")
      ->type_name("FOLDER")
      ->required();
  app.add_option("--seed", out.clusters.seed, "Another one groups another way; default 1")->type_name("S");
  app.add_option("--field", out.field, "JSONL: path to the text; default: text, else response")->type_name("PATH");
  app.add_option("--context-field", out.context_field, "JSONL: path to what the text continues")->type_name("PATH");
  app.add_flag("--train,!--no-train", out.clusters.train,
               "Train an adapter on each group (the default), or only group");
  app.add_option("--adapt-options", out.clusters.adapt_options,
                 "Options for koan adapt, e.g. \"--minutes 10 --rank 8\"")
      ->type_name("TEXT");
  app.add_flag("-f,--force", out.force, "Replace other groups in the folder");
}

void import_options(CLI::App& app, Arguments& out) {
  take_files(app, out, "FOLDER", "With adapter_config.json and adapter_model.safetensors", true);
  app.add_option("-o,--output", out.output, "GGUF adapter to write")->type_name("FILE")->required();
  app.add_option("--model", out.model, "The base model: nano (the default), small, a GGUF file")->type_name("NAME");
  app.add_flag("-f,--force", out.force, "Replace the output");
}

void export_options(CLI::App& app, Arguments& out) {
  take_files(app, out, "ADAPTER", "A name or a file", true);
  app.add_option("-o,--output", out.output, "Folder to write")->type_name("FOLDER")->required();
  app.add_option("--model", out.model, "The base model; default: the embedded one that the adapter names")
      ->type_name("NAME");
  app.add_flag("-f,--force", out.force, "Replace what is there");
}

struct SubVerb {
  const char* name;
  const char* what;
  void (*options)(CLI::App&, Arguments&);
  int (*run)(const Arguments&);
};
constexpr SubVerb kSubVerbs[] = {
    {"list", "The adapters this koan has (the default)", list_options, run_adapters_list},
    {"info", "What adapters are, by name or file", info_options, run_adapters_info},
    {"add", "Put adapters where koan finds them", add_options, run_adapters_add},
    {"remove", "Take adapters away", remove_options, run_adapters_remove},
    {"import", "Make a PEFT folder a GGUF adapter", import_options, run_adapters_import},
    {"export", "Make an adapter a PEFT folder", export_options, run_adapters_export},
    {"cluster", "Divide a corpus into groups and train an adapter on each", cluster_options, run_adapters_cluster},
};

std::string overview() {
  std::string out = "Adapters: what the model learned from a text of yours (koan adapt).\n\n";
  for (const SubVerb& verb : kSubVerbs) out += format("  koan adapters %-8s %s\n", verb.name, verb.what);
  return out + "\nkoan adapters VERB --help says more.";
}

int refuse(const std::string& message) {
  std::fprintf(stderr, "koan: %s\nTry 'koan adapters --help'.\n", message.c_str());
  return kExitUsage;
}

int parse_and_run(const SubVerb& verb, std::vector<std::string> words) {
  Arguments arguments;
  bool version = false;
  CLI::App app(words.empty() ? overview() : verb.what, std::string("koan adapters ") + verb.name);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  verb.options(app, arguments);
  app.add_flag("-q,--quiet", arguments.quiet, "Say less");
  app.add_flag("--json", arguments.json, "One JSON object on stdout");
  app.add_flag("-V,--version", version, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  int code = kExitOk;
  if (!parse_words(app, words, "koan adapters", &code)) return code;
  if (version) {
    std::printf("koan %s\n", koan_version());
    return kExitOk;
  }
  return verb.run(arguments);
}

}  // namespace

int run_adapters(const std::vector<std::string>& words) {
  if (!words.empty() && (words[0] == "-h" || words[0] == "--help")) {
    std::printf("%s\n", overview().c_str());
    return kExitOk;
  }
  if (words.empty() || words[0].starts_with("-")) return parse_and_run(kSubVerbs[0], words);
  for (const SubVerb& verb : kSubVerbs) {
    if (words[0] == verb.name) return parse_and_run(verb, {words.begin() + 1, words.end()});
  }
  return refuse("adapters has no verb \"" + words[0] + "\"");
}

}  // namespace koan::cli
