// Keys, which are to stand in no file, log or message.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace koan {

inline constexpr std::size_t kMinKeyBytes = 8;

// A key as a server gives them out: 8 to 4096 printable ASCII characters, no space, quote or backslash, so that it
// stands in JSON as it is. Errors: kUsage, without the key. An empty one is fine: none.
Status checked_key(std::string_view key, const std::string& variable);

// `text` with "[key]" wherever the key stood; the whole text if the key is empty.
std::string without_key(std::string text, std::string_view key);

}  // namespace koan
