// General-purpose methods for what the model codes badly: zstd and raw LZMA1, whose libraries are hidden here, and our
// own context mixing.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/part.h"

namespace koan {

struct GeneralCoded {
  Method method = Method::kStored;
  Bytes coded;
};

// The smallest of stored, zstd (strongest level) and LZMA (extreme) for these bytes: what a message may hold.
Result<GeneralCoded> general_encode(ByteView text);
// Another setting of LZMA, where LZMA was the smallest.
Status improve_lzma(GeneralCoded& best, ByteView text);
// The same with context mixing where that may win: what a segment may hold.
Result<GeneralCoded> segment_encode(ByteView text, ByteView context);
// Exactly text_bytes bytes out, all of `coded` used; anything else is kCorrupt, or kNeedsVersion for a context mixing
// to come. All methods but the model; only context mixing uses the context.
Result<Bytes> general_decode(Method method, ByteView coded, std::uint64_t text_bytes, ByteView context = {});

// Whether context mixing is worth its time, from the first bytes.
Result<bool> cm_may_win(ByteView text, ByteView context);
// Nothing if that is not smaller than the bytes themselves or beyond what the format accepts.
std::optional<GeneralCoded> cm_if_smaller(ByteView text, ByteView context);

// Size under a fast zstd level with long-distance matching: a cheap estimate of how compressible bytes are.
std::uint64_t fast_size(ByteView text);

}  // namespace koan
