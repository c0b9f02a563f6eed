// A corpus in groups of similar documents, and these as files (docs/cli.md, koan adapters cluster).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"

namespace koan::cli {

inline constexpr unsigned kMaxClusters = 250;  // as many adapters as a file may name

struct Group {
  std::string name;  // "cluster-0"; the largest first
  std::uint64_t documents = 0, text_bytes = 0;
  double mean_similarity = 0;        // cosine of its documents with its centroid
  std::vector<std::string> samples;  // beginnings of the most typical documents
};
struct Grouping {
  std::vector<Group> groups;
  std::uint64_t documents = 0, text_bytes = 0, without_text = 0;
  std::vector<std::string> passed_over;  // files of folders that are no text
  double mean_similarity = 0;
};

// Writes FOLDER/cluster-N.jsonl and FOLDER/clusters.json. The same corpus, k and seed give the same files, and files
// that are there with the same contents stay. Others are an error (kUsage) unless forced; then adapters that were
// trained on what is replaced go too.
Result<Grouping> make_groups(const Arguments& arguments);

std::string group_file(const Arguments& arguments, const std::string& name);        // its records
std::string group_adapter(const Arguments& arguments, const std::string& name);     // trained on them
std::string group_checkpoint(const Arguments& arguments, const std::string& name);  // of a training that was stopped

}  // namespace koan::cli
