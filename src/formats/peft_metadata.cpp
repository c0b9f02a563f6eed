#include "formats/peft_metadata.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <optional>

#include "formats/json_document.h"
#include "formats/json_line.h"

namespace koan {
namespace {

constexpr std::size_t kMaxKey = 255;
constexpr const char* kContainerKeys[] = {"general.type", "general.architecture", "general.alignment",
                                          "adapter.type", "adapter.lora.alpha",   "adapter.alora.invocation_tokens"};

Error corrupt(const std::string& key, const char* what) {
  return Error{ErrorCode::kCorrupt, "metadata '" + key + "' " + what};
}

bool is_utf8(const std::string& text) { return escape_json(as_bytes(text), kEscapeNonAscii).has_value(); }
// GGUF files keep floats in 32 bits.
bool fits_float(double value) { return std::fabs(value) <= static_cast<double>(FLT_MAX); }

// Nothing if JSON cannot hold the value.
struct ToJson {
  using Out = std::optional<JsonDocument>;
  Out operator()(std::uint64_t v) const { return typed("uint", v); }
  Out operator()(std::int64_t v) const { return typed("int", v); }
  Out operator()(bool v) const { return typed("bool", v); }
  Out operator()(double v) const { return fits_float(v) ? typed("float", v) : std::nullopt; }
  Out operator()(const std::string& v) const { return is_utf8(v) ? typed("text", v) : std::nullopt; }
  Out operator()(const std::vector<std::int64_t>& v) const { return typed("ints", v); }
  Out operator()(const std::vector<double>& v) const {
    return std::all_of(v.begin(), v.end(), fits_float) ? typed("floats", v) : std::nullopt;
  }
  Out operator()(const std::vector<std::string>& v) const {
    return std::all_of(v.begin(), v.end(), is_utf8) ? typed("texts", v) : std::nullopt;
  }

 private:
  template <typename T>
  static Out typed(const char* type, const T& value) {
    JsonDocument out = JsonDocument::object();
    out[type] = value;
    return out;
  }
};

// The scalars; nothing if the value is of another type or out of range.
bool read(const JsonDocument& json, std::uint64_t& out) {
  if (json.is_number_unsigned()) out = json.get<std::uint64_t>();
  return json.is_number_unsigned();
}
bool read(const JsonDocument& json, std::int64_t& out) {
  if (!json.is_number_integer() || (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX)) return false;
  out = json.get<std::int64_t>();
  return true;
}
bool read(const JsonDocument& json, double& out) {
  if (!json.is_number()) return false;
  out = json.get<double>();
  return fits_float(out);
}
bool read(const JsonDocument& json, bool& out) {
  if (json.is_boolean()) out = json.get<bool>();
  return json.is_boolean();
}
bool read(const JsonDocument& json, std::string& out) {
  if (json.is_string()) out = json.get<std::string>();
  return json.is_string();
}
template <typename T>
bool read(const JsonDocument& json, std::vector<T>& out) {
  if (!json.is_array()) return false;
  for (const JsonDocument& item : json) {
    if (!read(item, out.emplace_back())) return false;
  }
  return true;
}

template <typename T>
std::optional<GgufValue> value_as(const JsonDocument& json) {
  T out{};
  if (!read(json, out)) return std::nullopt;
  return GgufValue(std::move(out));
}

std::optional<GgufValue> value_of(const std::string& type, const JsonDocument& json) {
  if (type == "uint") return value_as<std::uint64_t>(json);
  if (type == "int") return value_as<std::int64_t>(json);
  if (type == "float") return value_as<double>(json);
  if (type == "bool") return value_as<bool>(json);
  if (type == "text") return value_as<std::string>(json);
  if (type == "texts") return value_as<std::vector<std::string>>(json);
  if (type == "ints") return value_as<std::vector<std::int64_t>>(json);
  if (type == "floats") return value_as<std::vector<double>>(json);
  return std::nullopt;
}

}  // namespace

Result<std::string> metadata_to_json(const std::map<std::string, GgufValue>& metadata) {
  if (metadata.size() > kMaxJsonKeys) return Error{ErrorCode::kLimit, "the metadata have too many keys"};
  JsonDocument out = JsonDocument::object();
  for (const auto& [key, value] : metadata) {
    if (!is_utf8(key)) return corrupt(key, "has a name that is not UTF-8");
    auto json = std::visit(ToJson(), value);
    if (!json) return corrupt(key, "is not UTF-8, or not a finite number");
    out[key] = std::move(*json);
  }
  return out.dump();
}

Result<std::map<std::string, GgufValue>> metadata_from_json(std::string_view text) {
  KOAN_ASSIGN(const JsonDocument json, parse_json_document(text, kMaxPeftMetadataBytes));
  std::map<std::string, GgufValue> out;
  for (const auto& [key, typed] : json.items()) {
    if (key.empty() || key.size() > kMaxKey ||
        std::find(std::begin(kContainerKeys), std::end(kContainerKeys), key) != std::end(kContainerKeys)) {
      return corrupt(key, "is no key for it");
    }
    if (!typed.is_object() || typed.size() != 1) return corrupt(key, "is not one value with its type");
    auto value = value_of(typed.begin().key(), typed.begin().value());
    if (!value) return corrupt(key, "has an unknown type, or a value of another");
    out.emplace(key, std::move(*value));
  }
  return out;
}

}  // namespace koan
