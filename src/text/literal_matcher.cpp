#include "text/literal_matcher.h"

#include <algorithm>
#include <functional>

namespace koan {

void LiteralMatcher::add(std::string_view text, Token token) {
  if (text.empty() || !tokens_.try_emplace(std::string(text), token).second) return;
  const auto at = std::lower_bound(lengths_.begin(), lengths_.end(), text.size(), std::greater<>());
  if (at == lengths_.end() || *at != text.size()) lengths_.insert(at, text.size());
  first_[static_cast<std::uint8_t>(text[0])] = true;
}

std::pair<std::size_t, Token> LiteralMatcher::match(std::string_view text) const noexcept {
  if (text.empty() || !first_[static_cast<std::uint8_t>(text[0])]) return {0, 0};
  for (const std::size_t length : lengths_) {
    if (length > text.size()) continue;
    if (const auto found = tokens_.find(text.substr(0, length)); found != tokens_.end()) return {length, found->second};
  }
  return {0, 0};
}

}  // namespace koan
