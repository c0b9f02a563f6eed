// UTF-8: its characters, and what is no text.
#pragma once

#include "base/bytes.h"

namespace koan {

struct Utf8Char {
  char32_t code = 0;
  std::size_t size = 0;  // in bytes; 0: no character in UTF-8 begins here
};
// The character at text[at], at < text.size().
Utf8Char utf8_at(ByteView text, std::size_t at) noexcept;
void append_utf8(Bytes& out, char32_t code);  // below 0x110000

// Offset of the first byte that cannot stand in a text in UTF-8 (a zero byte, a broken sequence); text.size() if none.
std::size_t find_binary(ByteView text) noexcept;

}  // namespace koan
