// The command line of koan ask as data (docs/cli.md, Ask).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoints.h"

namespace koan::cli {

enum class AskVerb { kRun, kSend, kReceive, kShow, kProtocols };

struct AskArguments {
  AskVerb verb = AskVerb::kRun;
  std::string input;     // the problem, or a file with --file; of show: the transcript
  std::string ask_file;  // of receive
  bool from_file = false;
  std::string small, large, questioner, judge;  // empty: by rule
  std::string protocol = "batch10";
  std::string gold;        // a file; empty: none
  std::string transcript;  // empty: none
  std::string output;
  std::uint64_t seed = 0;
  std::uint32_t max_tokens = 0;  // of a reply; 0: what the protocol says
  RemoteUse remote;
  unsigned threads = 0;  // 0: as many as this machine has
  bool force = false, json = false, html = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<AskArguments> parse_ask(const std::vector<std::string>& words, int* code);

}  // namespace koan::cli
