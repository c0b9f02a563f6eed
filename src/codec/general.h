// General-purpose methods for what the model codes badly: zstd and raw LZMA1. Hides both libraries.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "formats/part.h"

namespace koan {

struct GeneralCoded {
  Method method = Method::kStored;
  Bytes coded;
};

// The smallest of stored, zstd (strongest level) and LZMA (extreme) for these bytes.
Result<GeneralCoded> general_encode(ByteView text);
// Exactly text_bytes bytes out, all of `coded` used; anything else is kCorrupt. Methods stored, zstd, lzma.
Result<Bytes> general_decode(Method method, ByteView coded, std::uint64_t text_bytes);

// Size under a fast zstd level with long-distance matching: a cheap estimate of how compressible bytes are.
std::uint64_t fast_size(ByteView text);

}  // namespace koan
