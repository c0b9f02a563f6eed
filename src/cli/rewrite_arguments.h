// The command line of koan rewrite as data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/endpoints.h"
#include "rewrite/rewriter.h"

namespace koan::cli {

struct RewriteArguments {
  std::string input;    // the solution to shorten; empty: the writer solves the problem first; "-": stdin
  std::string problem;  // a file
  std::string output, record;
  std::string writer, reader;  // endpoints
  bool unchecked = false;      // no reader
  bool extract = false;        // --by surprisal
  RewriteTask task;
  std::optional<std::uint64_t> bits;  // budget of the extraction
  double share = 0.5;                 // or this share of what the original takes
  std::string model;                  // to code with
  int level = 9;
  unsigned threads = 0;  // 0: as many as this machine has
  RemoteUse remote;
  bool force = false, json = false, quiet = false;
};

// Nothing: an answer was printed, and *code says how to end.
std::optional<RewriteArguments> parse_rewrite(const std::vector<std::string>& words, int* code);

}  // namespace koan::cli
