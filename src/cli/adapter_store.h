// The folder where koan keeps adapters: $XDG_DATA_HOME/koan/adapters/NAME.gguf (docs/cli.md, koan adapters).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/adapter.h"

namespace koan::cli {

std::string adapter_folder();

struct StoredAdapter {
  std::string name, path;
};
std::vector<StoredAdapter> stored_adapters();  // by name

Result<Bytes> read_adapter_file(const std::string& path);  // kLimit above 1 GiB
// Errors name the path.
Result<Adapter> load_adapter(const std::string& path);

// What a word on the command line means: a file, or a name in the store. kUsage, proposing similar names, if neither.
Result<std::string> find_adapter(const std::string& word);
// The same for names alone.
Result<std::string> find_stored_adapter(const std::string& name);

// Letters, digits and "._-+", at most 100 of them, the first a letter or digit; not "auto" or "none".
bool is_adapter_name(const std::string& name) noexcept;

// Into a store of koan's, whose folder is made; complete or not at all. kCancelled after a signal.
Status store_file(const std::string& path, ByteView bytes, bool replace);

}  // namespace koan::cli
