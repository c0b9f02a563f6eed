#include "remote/key.h"

#include <algorithm>

#include "text/replace.h"

namespace koan {

Status checked_key(std::string_view key, const std::string& variable) {
  if (key.empty()) return {};
  const auto fits = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(key, fits))
    return Error{ErrorCode::kUsage, variable + ": a key has no spaces, line ends, quotes or characters beyond ASCII"};
  if (key.size() < kMinKeyBytes || key.size() > 4096)
    return Error{ErrorCode::kUsage,
                 variable + ": a key has 8 to 4096 characters; leave the variable empty for a server that needs none"};
  return {};
}

std::string without_key(std::string text, std::string_view key) {
  return key.empty() ? text : replaced(text, key, "[key]");
}

}  // namespace koan
