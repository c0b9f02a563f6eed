// Input to .koan parts, block by block in bounded memory (docs/format.md).
#pragma once

#include "base/io.h"
#include "codec/context.h"
#include "codec/levels.h"
#include "codec/model_store.h"
#include "codec/record_encode.h"

namespace koan {

struct CodecStats {
  std::uint64_t raw_bytes = 0, coded_bytes = 0, tokens = 0, segments = 0;
  std::uint64_t model_segments = 0, model_raw_bytes = 0, model_coded_bytes = 0;
  double model_ideal_bits = 0;
  std::uint64_t records = 0, adapters = 0;  // records coded one by one; adapters that the output needs
};

struct CompressSetup {
  Level level;
  std::uint32_t segments = 0;  // that each block is cut into; 0: by the level
  unsigned threads = 1;
  Context context;
  std::optional<RecordFields> records;  // lines of JSON, coded record by record
  AdapterOffers adapters;
  // A coder of the default model, alone (null) or with an adapter, with this context and these predictors; lives until
  // the next call.
  std::function<Result<TokenCoder*>(std::uint32_t predictors, const Sha256* adapter)> coder;
};

// Writes one message if all input is under 4096 bytes and no records are wanted, else one frame.
Result<CodecStats> compress(Source& source, Sink& sink, const CompressSetup& setup, Progress& progress);

}  // namespace koan
