// Reading a corpus document by document: text files, JSONL files (also compressed with zstd), folders of either.
// docs/routing.md section 5.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

// Paths into a record as of `koan compress --jsonl --field` (formats/json_line.h): "text", "messages.-1.content".
struct CorpusFields {
  std::string text;     // empty: `text`, or else `response`
  std::string context;  // empty: none; a value that is no string is taken as its JSON text
  bool jsonl = false;   // every path holds a record a line, whatever its name
};

// Valid during the call only.
struct CorpusDocument {
  std::string_view text;
  std::string_view context;
  std::string_view line;  // the record as it was, without its line end; empty for a part of a text file
};

// An error ends the reading and is what visit_corpus returns.
using CorpusVisitor = std::function<Status(const CorpusDocument&)>;

struct CorpusCount {
  std::uint64_t documents = 0, text_bytes = 0;
  std::uint64_t files = 0;               // read
  std::uint64_t hidden = 0;              // entries of folders that were passed over for their names
  std::uint64_t without_text = 0;        // records that have no such field, or an empty one: passed over
  std::vector<std::string> passed_over;  // files of folders that are no text in UTF-8
};

// A text file above this is cut at line ends into documents of about as much.
inline constexpr std::size_t kCorpusPart = std::size_t{1} << 15;

// Reads every path in the order given ("-" is the standard input), folders recursively by name without hidden entries
// and without following links to folders. Names in .jsonl and .ndjson hold a record a line, and .zst behind any name is
// decompressed; everything else is text. Errors: kIo; kUsage: a file named here that is no text in UTF-8; kCorrupt with
// the line: no JSON object, or a .zst that is damaged or ends early; kLimit: a line above 256 MiB, a text file above 4
// GiB.
Result<CorpusCount> visit_corpus(const std::vector<std::string>& paths, const CorpusFields& fields,
                                 const CorpusVisitor& visit);

// A whole file; .zst behind its name is decompressed. Errors: kIo; kCorrupt: a .zst that is damaged or ends early; kLimit.
Result<Bytes> read_unpacked(const std::string& path, std::uint64_t max_bytes);

}  // namespace koan
