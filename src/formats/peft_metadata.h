// GGUF metadata as JSON text, for the __metadata__ of an exported PEFT adapter, so that nothing of ours is lost there:
// {"KEY":{"TYPE":VALUE},...}, TYPE being one of uint, int, float, bool, text, texts, ints, floats.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "formats/gguf.h"

namespace koan {

inline constexpr const char* kPeftMetadataKey = "koan.metadata";
inline constexpr std::size_t kMaxPeftMetadataBytes = 16 << 20;

// kCorrupt naming the key: text that is not UTF-8, a number that is not finite; kLimit: very many keys.
Result<std::string> metadata_to_json(const std::map<std::string, GgufValue>& metadata);

// kCorrupt naming the key: another form, or a key that belongs to the container (general.architecture, ...).
Result<std::map<std::string, GgufValue>> metadata_from_json(std::string_view json);

}  // namespace koan
