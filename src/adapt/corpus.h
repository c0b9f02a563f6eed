// Reading training text: JSONL files, compressed with zstd or not, one document a line (../shared/corpus/README.md).
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

using DocumentSink = std::function<bool(std::string_view)>;  // false ends the reading
// Calls `sink` with the `text` (or else `response`) field of every line until it returns false. Objects with neither
// field are passed over; a line that is no JSON object is an error with its number, and so is a file that ends early.
Status read_documents(const std::string& path, const DocumentSink& sink);

struct RecordFields {
  std::vector<std::string> text;  // the first of them that a record has as a string
  std::string context;            // empty: none
};
// context: empty where a record has none.
using RecordSink = std::function<bool(std::string_view text, std::string_view context)>;
Status read_records(const std::string& path, const RecordFields& fields, const RecordSink& sink);
// From a descriptor that somebody else owns; `name` is for messages.
Status read_records(int fd, const std::string& name, const RecordFields& fields, const RecordSink& sink);

// The file appears under its name when all of it is on disk: a reader never sees half of it, and a failure keeps the
// old one.
Status write_file(const std::string& path, ByteView data);

}  // namespace koan
