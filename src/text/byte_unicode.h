// GPT-2's reversible map between bytes and printable characters, in which vocabularies are written to files.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace koan {

std::string bytes_to_unicode(ByteView bytes);                     // UTF-8, one character a byte
std::optional<std::string> unicode_to_bytes(std::string_view s);  // nothing when a character is outside the map

}  // namespace koan
