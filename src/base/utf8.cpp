#include "base/utf8.h"

namespace koan {

std::size_t find_binary(ByteView text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = text[i];
    if (lead < 0x80) {
      if (lead == 0) return i;
      ++i;
      continue;
    }
    // Table 3-7 of the Unicode standard: the second byte's range excludes overlong forms, surrogates, and what is above
    // U+10FFFF.
    const std::size_t more = lead >= 0xC2 && lead <= 0xDF   ? 1
                             : lead >= 0xE0 && lead <= 0xEF ? 2
                             : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                            : 0;
    if (more == 0 || text.size() - i <= more) return i;
    const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[i + 1] < low || text[i + 1] > high) return i;
    for (std::size_t k = 2; k <= more; ++k)
      if ((text[i + k] & 0xC0) != 0x80) return i;
    i += more + 1;
  }
  return text.size();
}

}  // namespace koan
