// The sources of a pack of training text, and writing files whole.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

// Packs, models and checkpoints are held in memory, so the machine is the real limit.
constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 40;

struct SourceSpec {
  std::string name;  // file name without folder, extension and "train__"
  std::string path;
  double weight = 1;  // share of the mixture, in tokens
};

// PATH[:WEIGHT]
Result<SourceSpec> parse_source(const std::string& text);

using DocumentSink = std::function<bool(std::string_view text, std::string_view prompt)>;  // false ends the reading
// Calls `sink` with one document after the other until it returns false: the `text` (or else `response`) of the records
// of a JSONL file with their `prompt_field` (if that is not empty), or parts of a text file. Errors: as visit_corpus
// (route/corpus_reader.h).
Status read_documents(const std::string& path, const std::string& prompt_field, const DocumentSink& sink);

}  // namespace koan
