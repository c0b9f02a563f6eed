// Values of a chat template at run time: data, and the few things of Jinja that are not data.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace koan::jinja {

using Json = nlohmann::ordered_json;  // keeps the order of keys, as Python's dict does
struct Node;

struct Value {
  enum class Kind { kUndefined, kData, kNamespace, kMacro, kFunction };

  Kind kind = Kind::kUndefined;
  Json data;
  std::shared_ptr<std::map<std::string, Value>> names;  // kNamespace: shared and changeable
  const Node* macro = nullptr;                          // kMacro: owned by the template
  std::string function;                                 // kFunction: its name; kUndefined: what was looked for

  Value() = default;
  Value(Json json) : kind(Kind::kData), data(std::move(json)) {}

  bool is_data() const noexcept { return kind == Kind::kData; }
  bool is_string() const noexcept { return is_data() && data.is_string(); }
  bool is_undefined() const noexcept { return kind == Kind::kUndefined; }
  const std::string& text() const { return data.get_ref<const std::string&>(); }  // is_string() only
};

Value undefined(std::string what);

// Python's idea of true: not empty, not zero, not None.
bool truth(const Value& value) noexcept;
// What {{ }} prints: True, None, 1.5, ['a', 1]; nothing for an undefined value.
std::string to_text(const Value& value);
// As Python's json.dumps(ensure_ascii=False): ", " and ": " between parts; indent < 0: on one line.
std::string to_json(const Json& value, int indent);
// a < b for numbers and for strings; kUsage for anything else.
Result<bool> less(const Value& a, const Value& b);
bool equal(const Value& a, const Value& b) noexcept;
// The characters of a string, the items of a list, the keys of a mapping, the names of a namespace.
Result<std::vector<Json>> items_of(const Value& value);

// How much there is to copy, in steps of 64 bytes.
std::size_t weight(const Json& value) noexcept;

// Strings as Python sees them: positions count characters, not bytes. Input is UTF-8.
std::vector<std::string> characters(const std::string& text);
std::string stripped(const std::string& text, const std::string& set, bool left, bool right);

}  // namespace koan::jinja
