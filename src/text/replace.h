// Every occurrence of one text replaced by another.
#pragma once

#include <string>
#include <string_view>

namespace koan {

// `from` is not empty.
inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t next; (next = text.find(from)) != std::string_view::npos; text.remove_prefix(next + from.size()))
    out.append(text.substr(0, next)).append(to);
  return out.append(text);
}

}  // namespace koan
