// Turns a block of input (up to 8 MiB) into coded segments: where to cut, and which method each piece gets.
// Text goes to the model in pieces that decode in parallel; what the model codes badly goes to context mixing,
// zstd or LZMA in runs as long as possible.
#pragma once

#include <vector>

#include "codec/model_coders.h"
#include "formats/part.h"

namespace koan {

inline constexpr std::size_t kMaxBlock = std::size_t{1} << kSegmentLog;

struct CodedSegment {
  SegmentHead head;  // check not yet set
  ByteView raw;      // into the block
  Bytes coded;
  std::uint64_t tokens = 0;
  double ideal_bits = 0;
  std::uint64_t model_raw_bytes = 0;  // of raw, what the model coded
};

// Cuts at line ends or spaces where one is near, never inside CR LF or a UTF-8 sequence; pieces are about equally long,
// and longer than `target` by at most an eighth.
std::vector<ByteView> cut_pieces(ByteView block, std::size_t target);

// How long the pieces of a block are to be: cut into `segments`, or, where that is 0, by the level.
std::size_t piece_bytes(std::size_t block, std::uint32_t segments, std::size_t level_bytes) noexcept;

struct PlanSetup {
  std::size_t segment_bytes;
  ModelCoders* coders = nullptr;  // null: no model
  unsigned threads = 1;
  ByteView context{};  // of context mixing; the coders have their own
};
Result<std::vector<CodedSegment>> plan_block(ByteView block, const PlanSetup& setup, Progress& progress);

}  // namespace koan
