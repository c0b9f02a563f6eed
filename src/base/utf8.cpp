#include "base/utf8.h"

namespace koan {

Utf8Char utf8_at(ByteView text, std::size_t at) noexcept {
  const std::uint8_t lead = text[at];
  if (lead < 0x80) return {lead, 1};
  // Table 3-7 of the Unicode standard: the second byte's range excludes overlong forms, surrogates, and what is above
  // U+10FFFF.
  const std::size_t more = lead >= 0xC2 && lead <= 0xDF   ? 1
                           : lead >= 0xE0 && lead <= 0xEF ? 2
                           : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                          : 0;
  if (more == 0 || text.size() - at <= more) return {};
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (text[at + 1] < low || text[at + 1] > high) return {};
  char32_t code = lead & (0x3Fu >> more);
  for (std::size_t k = 1; k <= more; ++k) {
    if ((text[at + k] & 0xC0) != 0x80) return {};
    code = code << 6 | (text[at + k] & 0x3Fu);
  }
  return {code, more + 1};
}

void append_utf8(Bytes& out, char32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<std::uint8_t>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
}

std::size_t find_binary(ByteView text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = text[i] == 0 ? 0 : utf8_at(text, i).size;
    if (size == 0) return i;
    i += size;
  }
  return text.size();
}

}  // namespace koan
