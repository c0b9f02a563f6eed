#include "cli/adapter_names.h"

#include "base/hash.h"
#include "cli/adapter_store.h"

namespace koan::cli {

std::string AdapterNames::of(const std::string& hash) {
  if (!names_) {
    names_.emplace();
    const auto add = [&](const std::string& path, const std::string& name) {
      if (const auto bytes = read_adapter_file(path)) names_->emplace(to_hex(sha256(*bytes)), name);
    };
    for (const StoredAdapter& adapter : stored_adapters()) add(adapter.path, adapter.name);
    for (const std::string& word : arguments_.adapters) {
      if (const auto path = find_adapter(word)) add(*path, word);
    }
  }
  const auto found = names_->find(hash);
  return found == names_->end() ? hash.substr(0, 8) : found->second;
}

}  // namespace koan::cli
