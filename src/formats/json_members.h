// The members of a JSON object of ours, each taken once, so that a key that nobody knows does not pass unnoticed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/json_document.h"

namespace koan {

// kCorrupt: 'key' what.
Error json_error(const std::string& key, const std::string& what);

// Errors: kCorrupt with the key, `place` in front of it.
class JsonMembers {
 public:
  explicit JsonMembers(JsonDocument object, std::string place = "")
      : object_(std::move(object)), place_(std::move(place)) {}

  Result<std::uint32_t> number(const char* key, std::uint32_t least, std::uint32_t most);
  Result<double> real(const char* key, double least, double most);
  Result<std::string> text(const char* key);
  Result<std::vector<std::string>> texts(const char* key);
  Result<JsonMembers> object(const char* key);
  Result<bool> flag(const char* key);  // false if it is not there
  bool has(const char* key) const { return object_.contains(key); }
  // An error if something is left.
  Status finish() const;

 private:
  Result<JsonDocument> take(const char* key);

  JsonDocument object_;
  std::string place_;
};

}  // namespace koan
