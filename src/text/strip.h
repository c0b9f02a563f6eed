// A text without what surrounds it.
#pragma once

#include <string_view>

namespace koan {

inline constexpr std::string_view kWhitespace = " \t\r\n";

inline std::string_view strip(std::string_view text, std::string_view characters = kWhitespace) noexcept {
  const std::size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

inline bool is_space(char c) noexcept { return kWhitespace.find(c) != std::string_view::npos; }

}  // namespace koan
