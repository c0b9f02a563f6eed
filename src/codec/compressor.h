// Input to .koan parts, block by block in bounded memory (docs/format.md).
#pragma once

#include "base/io.h"
#include "codec/model_store.h"
#include "codec/planner.h"

namespace koan {

struct CodecStats {
  std::uint64_t raw_bytes = 0, coded_bytes = 0, tokens = 0, segments = 0;
  std::uint64_t model_segments = 0, model_raw_bytes = 0, model_coded_bytes = 0;
  double model_ideal_bits = 0;
};

std::size_t level_segment_bytes(int level) noexcept;  // level 1..9

// Writes one message if all input is under 4096 bytes, else one frame.
Result<CodecStats> compress(Source& source, Sink& sink, TokenCoder& coder, std::size_t segment_bytes,
                            Progress& progress);

}  // namespace koan
