// The command line as data (docs/cli.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace koan::cli {

enum class Verb { kCompress, kDecompress, kTest, kList, kModels, kBench };
enum class BenchRows { kPeers, kLevels, kAblation };

// koan adapters cluster.
struct ClusterArguments {
  unsigned k = 0;
  std::uint64_t seed = 1;
  bool train = true;
  std::string adapt_options;  // words for koan adapt
};

struct Arguments {
  Verb verb = Verb::kCompress;
  std::vector<std::string> files;  // "-" is stdin
  std::string output;              // empty: by rule; "-": stdout
  std::string model;               // GGUF file; empty: none
  std::string context;             // file; empty: none
  std::vector<std::string> adapters;  // names, files, "auto"; empty or "none": the model alone
  std::string route;                  // prompt, text, trial; empty: not said
  bool records = false;               // lines of JSON, record by record
  std::string field;                  // empty: the usual one that the first line has
  std::string context_field;          // empty: likewise; "none"
  std::uint64_t first_line = 0, line_count = 0;  // decompress: counted from 0; count 0: everything
  bool list_records = false;          // list: what each record costs
  bool to_stdout = false;
  bool force = false;
  bool remove_source = false;
  bool verify = false;
  bool quiet = false;
  bool progress = true;
  bool json = false;
  bool peers = true;
  BenchRows rows = BenchRows::kPeers;
  int verbose = 0;
  int level = 6;
  std::uint32_t segment_bytes = 0;  // 0: what the level says
  std::uint32_t segments = 0;       // of a block; 0: by their size
  unsigned streams = 0;             // 0: the library's default
  unsigned threads = 1;             // resolved: at least 1
  unsigned runs = 3;
  std::string name;  // adapters add; empty: by the file
  ClusterArguments clusters;

  bool takes_adapter() const {
    return std::any_of(adapters.begin(), adapters.end(), [](const std::string& word) { return word != "none"; });
  }
};

// Nothing: an answer was printed (help, version, what is wrong), and *exit_code says how to end.
std::optional<Arguments> parse_arguments(int argc, const char* const* argv, int* exit_code);

}  // namespace koan::cli
