// Fields of a config.json, read so that none is forgotten: what was not asked for and is not known to be harmless may
// change the mathematics, and is refused by name.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "formats/json_document.h"

namespace koan {

class ConfigFields {
 public:
  // prefix: of the names in messages, such as "rope_scaling.". `json`, an object, must outlive this.
  explicit ConfigFields(const JsonDocument& json, std::string prefix = "") : json_(json), prefix_(std::move(prefix)) {}

  // Null where the field is absent or null. Asking counts as reading it.
  const JsonDocument* find(const std::string& field);
  bool is_null(const std::string& field);  // there, and null

  // Positive integers up to a limit.
  Result<std::uint64_t> size(const std::string& field, std::uint64_t limit);
  Result<std::uint64_t> size_or(const std::string& field, std::uint64_t limit, std::uint64_t otherwise);
  Result<double> number(const std::string& field, double least, double most);
  Result<double> number_or(const std::string& field, double least, double most, double otherwise);
  Result<bool> flag_or(const std::string& field, bool otherwise);
  Result<std::string> text_or(const std::string& field, const std::string& otherwise);
  // An object in the field, or null.
  Result<const JsonDocument*> object(const std::string& field);

  // kNotSupported, naming the first field that is set and was neither read nor is harmless.
  Status refuse_others() const;

  Error wrong(const std::string& field, const std::string& what) const;    // kCorrupt
  Error refused(const std::string& field, const std::string& what) const;  // kNotSupported

 private:
  const JsonDocument& json_;
  std::string prefix_;
  std::set<std::string> read_;
};

}  // namespace koan
