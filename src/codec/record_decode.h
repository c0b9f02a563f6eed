// Record blocks back to lines (docs/format.md "Record blocks"), many at once, or single lines of one.
#pragma once

#include <functional>

#include "codec/record_block.h"
#include "codec/token_coder.h"

namespace koan {

// The coder of a frame's model alone (null), or with an adapter; it lives until the next one is asked for.
using DecodeCoderFn = std::function<Result<TokenCoder*>(const Sha256* adapter)>;

struct RecordDecodeSetup {
  std::span<const Sha256> adapters;  // of the frame
  DecodeCoderFn coder;
  ByteView context;  // of the frame
  unsigned threads = 1;
};

struct RecordBlockJob {
  ByteView payload;
  std::uint64_t raw_bytes = 0;               // of the segment
  std::size_t adapters = 0;                  // that the frame has named before it
  std::uint64_t first = 0, end = UINT64_MAX;  // lines wanted
  Result<Bytes> raw = Bytes{};               // filled in: the wanted lines, or what is wrong with the block
  std::uint64_t tokens = 0, records = 0;      // filled in: what was decoded
};

// Damage is reported in its job; the Status is for everything else.
Status decode_record_blocks(std::span<RecordBlockJob> jobs, const RecordDecodeSetup& setup, Progress& progress);

// What the records of a block cost, by its payload. Needs the coder only if the model coded the skeleton.
struct RecordCost {
  std::uint64_t line = 0;  // in the block, from 0
  RecordEntry entry;
};
struct RecordCosts {
  std::vector<RecordCost> records;
  std::uint64_t line_ends = 0;  // of the block
};
Result<RecordCosts> record_costs(RecordBlockJob& job, const RecordDecodeSetup& setup, Progress& progress);

}  // namespace koan
