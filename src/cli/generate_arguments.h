// The command line of koan generate as data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/generator.h"
#include "chat/jinja_run.h"
#include "cli/endpoints.h"

namespace koan::cli {

struct GenerateArguments {
  std::string input;       // the prompt, or a file with --file
  bool from_file = false;  // read `input` as a file; "-" is the standard input
  std::string model, system, prefix;
  std::string jsonl;  // a file of records, one prompt each
  std::string field = "prompt";
  bool raw = false;  // no chat template
  std::vector<std::string> choices;
  GenerateOptions options;
  double temperature = 1, top_p = 1;  // as they were written; in `options` rounded
  RemoteUse remote;
  std::vector<std::string> local_only, remote_only;  // options that were given, by name
  jinja::Date date;
  unsigned batch = 8, threads = 0;
  bool json = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<GenerateArguments> parse_generate(const std::vector<std::string>& words, int* code);

// "0.7" to 16.16; nothing outside 0..most.
std::optional<std::uint32_t> parse_fraction(const std::string& text, double most);

}  // namespace koan::cli
