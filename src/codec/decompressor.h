// .koan parts to output, batch by batch in bounded memory; every checksum on the way.
#pragma once

#include "base/io.h"
#include "codec/compressor.h"

namespace koan {

// Gives what a file names. A coder lives until the next one is asked for.
class CoderProvider {
 public:
  virtual ~CoderProvider() = default;
  // kNeedsContext, naming it, if it is not there.
  virtual Result<ByteView> context_for(const ContextRef& ref) = 0;
  // with_context: the coder continues the context that context_for() gave.
  virtual Result<TokenCoder*> coder_for(const ModelRef& ref, bool with_context) = 0;
  virtual Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id) = 0;
  virtual unsigned threads() const = 0;  // for what no coder decodes
};

Result<CodecStats> decompress(Source& source, Sink& sink, CoderProvider& coders, Progress& progress);

}  // namespace koan
