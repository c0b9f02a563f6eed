#include "formats/json_members.h"

namespace koan {

Error json_error(const std::string& key, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "'" + key + "' " + what};
}

Result<std::uint32_t> JsonMembers::number(const char* key, std::uint32_t least, std::uint32_t most) {
  KOAN_ASSIGN(const JsonDocument value, take(key));
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least || value.get<std::uint64_t>() > most)
    return json_error(place_ + key, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
  return static_cast<std::uint32_t>(value.get<std::uint64_t>());
}

Result<double> JsonMembers::real(const char* key, double least, double most) {
  KOAN_ASSIGN(const JsonDocument value, take(key));
  if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most))
    return json_error(place_ + key, "is not a number from " + to_line(least) + " to " + to_line(most));
  return value.get<double>();
}

Result<std::string> JsonMembers::text(const char* key) {
  KOAN_ASSIGN(const JsonDocument value, take(key));
  if (!value.is_string()) return json_error(place_ + key, "is not a string");
  return value.get<std::string>();
}

Result<std::vector<std::string>> JsonMembers::texts(const char* key) {
  KOAN_ASSIGN(const JsonDocument value, take(key));
  if (!value.is_array()) return json_error(place_ + key, "is not a list");
  std::vector<std::string> out;
  for (const JsonDocument& item : value) {
    if (!item.is_string()) return json_error(place_ + key, "is not a list of strings");
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<JsonMembers> JsonMembers::object(const char* key) {
  KOAN_ASSIGN(JsonDocument value, take(key));
  if (!value.is_object()) return json_error(place_ + key, "is not an object");
  return JsonMembers(std::move(value), place_ + key + ".");
}

Result<bool> JsonMembers::flag(const char* key) {
  if (!has(key)) return false;
  KOAN_ASSIGN(const JsonDocument value, take(key));
  if (!value.is_boolean()) return json_error(place_ + key, "is not true or false");
  return value.get<bool>();
}

Status JsonMembers::finish() const {
  if (object_.empty()) return {};
  return json_error(place_ + object_.begin().key(), "is not known");
}

Result<JsonDocument> JsonMembers::take(const char* key) {
  if (!object_.contains(key)) return json_error(place_ + key, "is missing");
  JsonDocument value = std::move(object_[key]);
  object_.erase(key);
  return value;
}

}  // namespace koan
