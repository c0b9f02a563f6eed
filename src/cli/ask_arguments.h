// The command line of koan ask as data (docs/cli.md, Ask).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoints.h"

namespace koan::cli {

enum class AskVerb { kRun, kSend, kReceive, kServe, kShow, kProtocols };

// Of live mode; but for `ca` of the server.
struct LiveUse {
  std::string listen = "127.0.0.1:8604";
  std::string clients;           // a file; empty: everybody is one
  std::string ledger;            // empty: the usual one
  std::string certificate, key;  // PEM files
  std::uint64_t cap = 0;         // bits per client and day
  std::optional<std::uint64_t> total;
  bool verbose = false;
  std::string ca;  // whom the client trusts; empty: the system's authorities
};

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
  LiveUse live;
  unsigned threads = 0;  // 0: as many as this machine has
  bool force = false, json = false, html = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<AskArguments> parse_ask(const std::vector<std::string>& words, int* code);

}  // namespace koan::cli
