// Single lines of a .koan file without decoding all of it, and what its records cost.
#pragma once

#include <vector>

#include "codec/decompressor.h"

namespace koan {

struct LineRange {
  std::uint64_t first = 0;  // counted from 0
  std::uint64_t count = 0;
  std::uint64_t end() const noexcept { return count > UINT64_MAX - first ? UINT64_MAX : first + count; }
};

// Of record blocks only those that hold wanted lines are decoded, and of them only the wanted records. The coded bytes of
// each are checked by the hash in front of them, also where they are passed over: they say how many lines those are.
// Everything else before the last wanted line has to be decoded to find the lines, and is checked as always. What follows
// is not read. Fewer lines come out where the input ends before; kUsage if there are none.
Result<CodecStats> decompress_lines(Source& source, Sink& sink, CoderProvider& coders, const LineRange& range,
                                    Progress& progress);

struct RecordInfo {
  std::uint64_t line = 0;  // of the output, from 0
  std::uint64_t text_bytes = 0;
  std::uint64_t coded_bytes = 0;   // of its stream
  std::uint32_t adapter = 0;       // 0: the model alone; 1 + i: adapter i of the listing
  bool stored = false;             // not by a model
};
struct RecordListing {
  std::vector<RecordInfo> records;
  std::vector<Sha256> adapters;    // that records have, in the order of first use
  std::uint64_t block_bytes = 0;   // coded bytes of record blocks in all, skeletons and tables included
  std::uint64_t skeleton_bytes = 0;  // of them for the skeletons: all that is on the lines beside the texts
};
// Decodes what is no record block too, to count its lines.
Result<RecordListing> list_records(Source& source, CoderProvider& coders, Progress& progress);

}  // namespace koan
