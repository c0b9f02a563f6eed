#include "text/byte_unicode.h"

#include <array>

namespace koan {
namespace {

// Printable Latin-1 stands for itself; the other 68 bytes follow from U+0100 in ascending order.
struct Map {
  std::array<std::uint16_t, 256> to_char{};
  std::array<std::int16_t, 324> to_byte{};
  Map() {
    to_byte.fill(-1);
    std::uint16_t next = 256;
    for (std::uint16_t b = 0; b < 256; ++b) {
      const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      to_char[b] = printable ? b : next++;
      to_byte[to_char[b]] = static_cast<std::int16_t>(b);
    }
  }
};

const Map& map() {
  static const Map instance;
  return instance;
}

}  // namespace

std::string bytes_to_unicode(ByteView bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    const std::uint16_t c = map().to_char[b];
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
    } else {  // every character of the map is below U+0800
      out.push_back(static_cast<char>(0xC0 | (c >> 6)));
      out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
  }
  return out;
}

std::optional<std::string> unicode_to_bytes(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::uint32_t c = static_cast<std::uint8_t>(s[i]);
    if (c >= 0x80) {
      if ((c & 0xE0) != 0xC0 || i + 1 >= s.size() || (static_cast<std::uint8_t>(s[i + 1]) & 0xC0) != 0x80)
        return std::nullopt;
      c = ((c & 0x1F) << 6) | (static_cast<std::uint8_t>(s[++i]) & 0x3Fu);
    }
    if (c >= map().to_byte.size() || map().to_byte[c] < 0) return std::nullopt;
    out.push_back(static_cast<char>(map().to_byte[c]));
  }
  return out;
}

}  // namespace koan
