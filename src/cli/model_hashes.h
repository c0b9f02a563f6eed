// Models by the SHA-256 that a .koan file names: in KOAN_MODELS and koan's store, then in the caches of other programs.
// Hashing gigabytes takes time, so koan remembers hashes with size and time of the file in its own cache folder.
#pragma once

#include <optional>

#include "base/hash.h"
#include "cli/model_names.h"

namespace koan::cli {

// Nothing if there is none. What is found is a guess until its bytes are hashed, which whoever loads it does.
// kCancelled after a signal.
Result<std::optional<NamedModel>> find_by_hash(const Sha256& wanted, bool quiet);

// That importing this folder gives a model of this hash. It is not said anywhere else, so it is found again only while
// the cache folder lasts.
void remember_folder(const std::string& folder, const Sha256& sha256);

}  // namespace koan::cli
