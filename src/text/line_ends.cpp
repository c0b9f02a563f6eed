#include "text/line_ends.h"

#include <algorithm>

namespace koan {

std::optional<Bytes> crlf_to_lf(ByteView raw) {
  if (std::find(raw.begin(), raw.end(), '\r') == raw.end()) return std::nullopt;
  Bytes out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\n') return std::nullopt;
    if (raw[i] == '\r') {
      if (i + 1 == raw.size() || raw[i + 1] != '\n') return std::nullopt;
      ++i;
    }
    out.push_back(raw[i]);
  }
  return out;
}

Bytes lf_to_crlf(ByteView text) {
  Bytes out;
  out.reserve(text.size() + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  for (std::uint8_t b : text) {
    if (b == '\n') out.push_back('\r');
    out.push_back(b);
  }
  return out;
}

}  // namespace koan
