// Splits bytes into pieces that BPE merges never cross: the GPT-2 pattern
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// written as a scanner. Bytes that are not valid UTF-8 count as "other" one by one. Pieces cover the input exactly.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace koan {

// Length in bytes (>= 1) of the piece that starts at text[0]; text is not empty.
std::size_t next_piece(ByteView text) noexcept;

}  // namespace koan
