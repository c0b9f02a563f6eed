// Input to .koan parts, block by block in bounded memory (docs/format.md).
#pragma once

#include "base/io.h"
#include "codec/context.h"
#include "codec/levels.h"
#include "codec/model_store.h"
#include "codec/planner.h"

namespace koan {

struct CodecStats {
  std::uint64_t raw_bytes = 0, coded_bytes = 0, tokens = 0, segments = 0;
  std::uint64_t model_segments = 0, model_raw_bytes = 0, model_coded_bytes = 0;
  double model_ideal_bits = 0;
};

struct CompressSetup {
  Level level;
  std::uint32_t segments = 0;  // that each block is cut into; 0: by the level
  unsigned threads = 1;
  Context context;
  // A coder of the default model with this context and these predictors; lives as long as this, until the next call.
  std::function<TokenCoder&(std::uint32_t predictors)> coder;
};

// Writes one message if all input is under 4096 bytes, else one frame.
Result<CodecStats> compress(Source& source, Sink& sink, const CompressSetup& setup, Progress& progress);

}  // namespace koan
