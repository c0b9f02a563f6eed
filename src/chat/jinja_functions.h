// Filters, tests and methods of Jinja and Python that chat templates use. One that is missing is an error that names
// it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chat/jinja_value.h"

namespace koan::jinja {

struct Call {
  std::vector<Value> values;  // positional; of a filter or a test the first is what it is applied to
  std::vector<std::pair<std::string, Value>> named;

  const Value* get(std::size_t index, const std::string& name) const noexcept;
  std::string text(std::size_t index, const std::string& name, const std::string& fallback) const;
  std::int64_t number(std::size_t index, const std::string& name, std::int64_t fallback) const;
};

Result<Value> apply_filter(const std::string& name, const Call& call);
Result<bool> apply_test(const std::string& name, const Call& call);
// text.strip(), mapping.items() and so on; values[0] is the object.
Result<Value> call_method(const std::string& name, const Call& call);
// value[index], value.name; undefined if there is none.
Result<Value> item_of(const Value& value, const Value& index);
bool contains(const Value& whole, const Value& part);

}  // namespace koan::jinja
