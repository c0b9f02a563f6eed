// Turns a block of input (up to 8 MiB) into coded segments: where to cut, and which method each piece gets.
// Text goes to the model in pieces that decode in parallel; what the model codes badly goes to zstd or LZMA in runs as
// long as possible.
#pragma once

#include <vector>

#include "codec/token_coder.h"
#include "formats/part.h"

namespace koan {

inline constexpr std::size_t kMaxBlock = std::size_t{1} << kSegmentLog;

struct CodedSegment {
  SegmentHead head;  // check not yet set
  ByteView raw;      // into the block
  Bytes coded;
  std::uint64_t tokens = 0;
  double ideal_bits = 0;
};

// Cuts at line ends or spaces where one is near, never inside CR LF or a UTF-8 sequence; pieces are about equally long,
// and longer than `target` by at most an eighth.
std::vector<ByteView> cut_pieces(ByteView block, std::size_t target);

// coder may be null: no model.
Result<std::vector<CodedSegment>> plan_block(ByteView block, std::size_t segment_bytes, TokenCoder* coder,
                                             Progress& progress);

}  // namespace koan
