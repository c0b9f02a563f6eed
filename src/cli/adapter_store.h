// The folder where koan keeps adapters: $XDG_DATA_HOME/koan/adapters/NAME.gguf (docs/cli.md, koan adapters).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/adapter.h"

namespace koan::cli {

// Where koan keeps its data; empty if the environment names no home.
std::string data_folder();
std::string adapter_folder();
// The *.gguf of a folder, by name; none if there is no such folder.
std::vector<std::string> gguf_files(const std::string& folder);

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

}  // namespace koan::cli
