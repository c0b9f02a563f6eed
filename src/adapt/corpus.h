// Reading training text: JSONL files compressed with zstd, one document a line (../shared/corpus/README.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

struct SourceSpec {
  std::string name;  // file name without folder, extension and "train__"
  std::string path;
  double weight = 1;  // share of the mixture, in tokens
};

// PATH[:WEIGHT]
Result<SourceSpec> parse_source(const std::string& text);

// Calls `sink` with the `text` (or else `response`) field of every line until it returns false.
Status read_documents(const std::string& path, const std::function<bool(std::string_view)>& sink);

Result<Bytes> read_file(const std::string& path);
// Writes to PATH.tmp and renames, so that a reader never sees half a file.
Status write_file(const std::string& path, ByteView data);

}  // namespace koan
