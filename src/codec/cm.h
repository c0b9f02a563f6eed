// Context mixing of bytes: segment method 4 (docs/format.md "Context-mixed segments"). Needs no model.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

inline constexpr std::uint8_t kCmVersion = 1;  // 1..15

// Without the version byte. `context` is text to learn from before; both sides must give the same.
Bytes cm_encode(ByteView text, ByteView context);
// Exactly text_bytes bytes out, all of `coded` used; anything else is kCorrupt.
Result<Bytes> cm_decode(ByteView coded, std::uint64_t text_bytes, ByteView context);

}  // namespace koan
