// Small JSON documents from files of others, as a tree that keeps the order of keys. The parser is nlohmann's, used so
// that it cannot throw.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace koan {

using JsonDocument = nlohmann::ordered_json;

inline constexpr std::size_t kMaxJsonKeys = 8192;  // of an object: finding one takes time proportional to that
inline constexpr std::size_t kMaxDocumentDepth = 32;

// The object that `text` is, in UTF-8 and without duplicate keys. Errors: kCorrupt, with the place or the key; kLimit.
Result<JsonDocument> parse_json_document(std::string_view text, std::size_t max_bytes);

// On one line; what is no UTF-8 in its texts becomes U+FFFD.
std::string to_line(const JsonDocument& value);

// As Python sees it: null, false, 0, "", [] and {} are not.
bool is_truthy(const JsonDocument& value) noexcept;

}  // namespace koan
