// What to call the adapters that a file names by hash.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/arguments.h"

namespace koan::cli {

// Files are read at the first question.
class AdapterNames {
 public:
  explicit AdapterNames(const Arguments& arguments) : arguments_(arguments) {}
  // Of the adapter with this SHA-256 (64 hexadecimal digits): its name in the store, or the word of --adapter that
  // named it; else the first eight digits.
  std::string of(const std::string& sha256);

 private:
  const Arguments& arguments_;
  std::optional<std::map<std::string, std::string>> names_;  // by hash
};

}  // namespace koan::cli
