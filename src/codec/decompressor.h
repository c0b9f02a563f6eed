// .koan parts to output, batch by batch in bounded memory; every checksum on the way.
#pragma once

#include "base/io.h"
#include "codec/compressor.h"

namespace koan {

// Gives the coder for what a file names. Coders live as long as the provider.
class CoderProvider {
 public:
  virtual ~CoderProvider() = default;
  virtual Result<TokenCoder*> coder_for(const ModelRef& ref) = 0;
  virtual Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id) = 0;
};

Result<CodecStats> decompress(Source& source, Sink& sink, CoderProvider& coders, Progress& progress);

}  // namespace koan
