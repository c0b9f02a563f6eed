// What is text in UTF-8 and what is not.
#pragma once

#include "base/bytes.h"

namespace koan {

// Offset of the first byte that cannot stand in a text in UTF-8 (a zero byte, a broken sequence); text.size() if none.
std::size_t find_binary(ByteView text) noexcept;

}  // namespace koan
