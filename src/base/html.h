// What cannot stand for itself in HTML.
#pragma once

#include <string_view>

namespace koan {

// As the content of an element or of an attribute in quotes; empty: `c` stands for itself.
constexpr std::string_view html_entity(char c) noexcept {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace koan
