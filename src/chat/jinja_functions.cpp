#include "chat/jinja_functions.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "text/replace.h"

namespace koan::jinja {
namespace {

Error missing(const std::string& what, const std::string& name) {
  return Error{ErrorCode::kNotSupported, what + " '" + name + "' is not supported"};
}

std::string ascii_case(std::string text, bool upper) {
  for (char& c : text) {
    if (upper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z')) c = static_cast<char>(c ^ 32);
  }
  return text;
}

std::string titled(const std::string& text, bool every_word) {
  std::string out = ascii_case(text, false);
  bool start = true;
  for (char& c : out) {
    const bool letter = (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
    if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c ^ 32);
    start = every_word ? !letter : false;
  }
  return out;
}

// An empty text stands nowhere.
Value replaced_in(const std::string& text, const std::string& from, const std::string& to) {
  return Value(from.empty() ? text : replaced(text, from, to));
}

Json split(const std::string& text, const Value* separator, std::int64_t most) {
  Json out = Json::array();
  std::size_t at = 0;
  if (separator == nullptr || !separator->is_string()) {
    constexpr const char* kSpace = " \t\n\r\f\v";
    while ((at = text.find_first_not_of(kSpace, at)) != std::string::npos) {
      if (most >= 0 && static_cast<std::int64_t>(out.size()) == most) {
        out.push_back(stripped(text.substr(at), "", false, true));
        return out;
      }
      const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
      out.push_back(text.substr(at, end - at));
      at = end;
    }
    return out;
  }
  const std::string& mark = separator->text();
  for (std::size_t next; !mark.empty() && (most < 0 || static_cast<std::int64_t>(out.size()) < most) &&
                         (next = text.find(mark, at)) != std::string::npos;
       at = next + mark.size())
    out.push_back(text.substr(at, next - at));
  out.push_back(text.substr(at));
  return out;
}

Json pairs_of(const Json& mapping) {
  Json out = Json::array();
  for (const auto& [key, value] : mapping.items()) out.push_back(Json::array({key, value}));
  return out;
}

Result<Value> length_of(const Value& value) {
  KOAN_ASSIGN(const std::vector<Json> items, items_of(value));
  return Value(static_cast<std::int64_t>(items.size()));
}

std::string joined(const std::vector<Json>& items, const std::string& between) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) out += (i ? between : "") + to_text(Value(items[i]));
  return out;
}

// "a.b" of every item, or the item itself where nothing is named.
Value part_of(const Json& item, const std::string& path) {
  Value out(item);
  for (std::size_t at = 0; at <= path.size() && !path.empty();) {
    const std::size_t dot = std::min(path.find('.', at), path.size());
    auto next = item_of(out, Value(path.substr(at, dot - at)));
    if (!next) return undefined(path);
    out = std::move(*next);
    at = dot + 1;
  }
  return out;
}

// select, reject, selectattr, rejectattr.
Result<Value> chosen(const Call& call, bool by_attribute, bool wanted) {
  KOAN_ASSIGN(const std::vector<Json> items, items_of(call.values[0]));
  const std::size_t first = by_attribute ? 2 : 1;
  const std::string path = by_attribute ? call.text(1, "attribute", "") : "";
  const std::string test = call.text(first, "test", "");
  Json out = Json::array();
  for (const Json& item : items) {
    const Value part = part_of(item, path);
    bool passes = truth(part);
    if (!test.empty()) {
      Call inner;
      inner.values = {part};
      for (std::size_t i = first + 1; i < call.values.size(); ++i) inner.values.push_back(call.values[i]);
      KOAN_ASSIGN(passes, apply_test(test, inner));
    }
    if (passes == wanted) out.push_back(item);
  }
  return Value(std::move(out));
}

Result<Value> mapped(const Call& call) {
  KOAN_ASSIGN(const std::vector<Json> items, items_of(call.values[0]));
  const Value* attribute = call.get(99, "attribute");
  Json out = Json::array();
  for (const Json& item : items) {
    if (attribute != nullptr) {
      const Value part = part_of(item, to_text(*attribute));
      const Value* fallback = call.get(99, "default");
      out.push_back(part.is_data() ? part.data : fallback != nullptr ? fallback->data : Json(nullptr));
      continue;
    }
    Call inner;
    inner.values = {Value(item)};
    for (std::size_t i = 2; i < call.values.size(); ++i) inner.values.push_back(call.values[i]);
    KOAN_ASSIGN(const Value part, apply_filter(call.text(1, "filter", ""), inner));
    out.push_back(part.data);
  }
  return Value(std::move(out));
}

Result<Value> sorted(const Call& call, bool mapping) {
  Json list = Json::array();
  const Value& whole = call.values[0];
  if (mapping) {
    if (!whole.is_data() || !whole.data.is_object()) return Error{ErrorCode::kUsage, "dictsort needs a mapping"};
    list = pairs_of(whole.data);
  } else {
    KOAN_ASSIGN(std::vector<Json> items, items_of(whole));
    list = Json(std::move(items));
  }
  const std::string path = call.text(99, "attribute", "");
  const auto key = [&](const Json& item) {
    Value out = mapping ? Value(item[0]) : part_of(item, path);
    return out.is_string() ? Value(ascii_case(out.text(), false)) : out;
  };
  bool fits = true;
  std::stable_sort(list.begin(), list.end(), [&](const Json& a, const Json& b) {
    const auto before = less(key(a), key(b));
    fits = fits && before.has_value();
    return before && *before;
  });
  if (!fits) return Error{ErrorCode::kUsage, "items that cannot be ordered are sorted"};
  const Value* reverse = call.get(99, "reverse");
  if (reverse != nullptr && truth(*reverse)) std::reverse(list.begin(), list.end());
  return Value(std::move(list));
}

std::string indented(const Call& call) {
  const Value* width = call.get(1, "width");
  const std::string blanks =
      width != nullptr && width->is_string()
          ? width->text()
          : std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(call.number(1, "width", 4), 0, 1000)), ' ');
  const Value* first = call.get(2, "first");
  const Value* blank = call.get(3, "blank");
  std::string out;
  const std::string text = to_text(call.values[0]);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const bool indent =
        at == 0 ? first != nullptr && truth(*first) : !line.empty() || (blank != nullptr && truth(*blank));
    out += (at == 0 ? "" : "\n") + (indent ? blanks : std::string()) + line;
    at = end + 1;
  }
  return out;
}

Result<Value> as_number(const Value& value, bool whole) {
  if (value.is_data() && value.data.is_number())
    return whole ? Value(static_cast<std::int64_t>(value.data.get<double>())) : Value(value.data.get<double>());
  const std::string text = to_text(value);
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  const bool read = end != text.c_str() && *end == '\0' && std::isfinite(x) && std::abs(x) < 9e15;
  return whole ? Value(static_cast<std::int64_t>(read ? x : 0)) : Value(read ? x : 0.0);
}

Value unique(const std::vector<Json>& items) {
  Json out = Json::array();
  for (const Json& item : items)
    if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(item);
  return Value(std::move(out));
}

}  // namespace

const Value* Call::get(std::size_t index, const std::string& name) const noexcept {
  if (index < values.size()) return &values[index];
  for (const auto& [key, value] : named)
    if (key == name) return &value;
  return nullptr;
}
std::string Call::text(std::size_t index, const std::string& name, const std::string& fallback) const {
  const Value* value = get(index, name);
  return value == nullptr ? fallback : to_text(*value);
}
std::int64_t Call::number(std::size_t index, const std::string& name, std::int64_t fallback) const {
  const Value* value = get(index, name);
  return value != nullptr && value->is_data() && value->data.is_number_integer() ? value->data.get<std::int64_t>()
                                                                                 : fallback;
}

Result<Value> apply_filter(const std::string& name, const Call& call) {
  const Value& value = call.values[0];
  if (name == "trim") return Value(stripped(to_text(value), call.text(1, "chars", ""), true, true));
  if (name == "tojson") {
    if (!value.is_data()) return Error{ErrorCode::kUsage, "tojson of something that is no data"};
    return Value(to_json(value.data, static_cast<int>(call.number(1, "indent", -1))));
  }
  if (name == "default" || name == "d") {
    const Value* falsy = call.get(2, "boolean");
    const bool take = value.is_undefined() || (falsy != nullptr && truth(*falsy) && !truth(value));
    const Value* other = call.get(1, "default_value");
    return take ? (other != nullptr ? *other : Value("")) : value;
  }
  if (name == "length" || name == "count") return length_of(value);
  if (name == "upper" || name == "lower") return Value(ascii_case(to_text(value), name == "upper"));
  if (name == "capitalize" || name == "title") return Value(titled(to_text(value), name == "title"));
  if (name == "replace") return replaced_in(to_text(value), call.text(1, "old", ""), call.text(2, "new", ""));
  if (name == "string") return Value(to_text(value));
  if (name == "safe") return value;
  if (name == "indent") return Value(indented(call));
  if (name == "int" || name == "float") return as_number(value, name == "int");
  if (name == "items") return Value(value.is_data() && value.data.is_object() ? pairs_of(value.data) : Json::array());
  if (name == "dictsort" || name == "sort") return sorted(call, name == "dictsort");
  if (name == "map") return mapped(call);
  if (name == "select" || name == "reject") return chosen(call, false, name == "select");
  if (name == "selectattr" || name == "rejectattr") return chosen(call, true, name == "selectattr");
  static constexpr std::array<std::string_view, 6> kOfItems = {"list", "unique", "first", "last", "reverse", "join"};
  if (std::ranges::find(kOfItems, name) == kOfItems.end()) return missing("filter", name);
  KOAN_ASSIGN(std::vector<Json> items, items_of(value));
  if (name == "list") return Value(Json(std::move(items)));
  if (name == "unique") return unique(items);
  if (name == "first") return items.empty() ? undefined("first item") : Value(items.front());
  if (name == "last") return items.empty() ? undefined("last item") : Value(items.back());
  if (name == "reverse") {
    std::reverse(items.begin(), items.end());
    return value.is_string() ? Value(joined(items, "")) : Value(Json(std::move(items)));
  }
  const std::string path = call.text(2, "attribute", "");
  for (Json& item : items)
    if (!path.empty()) item = part_of(item, path).data;
  return Value(joined(items, call.text(1, "d", "")));
}

Result<bool> apply_test(const std::string& name, const Call& call) {
  const Value& value = call.values[0];
  const Json& data = value.data;
  const bool is_data = value.is_data();
  const Value* other = call.get(1, "other");
  if (name == "defined") return !value.is_undefined();
  if (name == "undefined") return value.is_undefined();
  if (name == "none") return is_data && data.is_null();
  if (name == "string") return value.is_string();
  if (name == "number") return is_data && (data.is_number() || data.is_boolean());
  if (name == "integer") return is_data && data.is_number_integer();
  if (name == "float") return is_data && data.is_number_float();
  if (name == "boolean") return is_data && data.is_boolean();
  if (name == "true") return is_data && data == Json(true);
  if (name == "false") return is_data && data == Json(false);
  if (name == "mapping") return is_data && data.is_object();
  if (name == "sequence" || name == "iterable") return is_data && (data.is_structured() || data.is_string());
  if (name == "callable") return value.kind == Value::Kind::kMacro || value.kind == Value::Kind::kFunction;
  if (name == "odd" || name == "even")
    return is_data && data.is_number_integer() && (data.get<std::int64_t>() % 2 != 0) == (name == "odd");
  if (other != nullptr) {
    if (name == "equalto" || name == "eq" || name == "==") return equal(value, *other);
    if (name == "ne" || name == "!=") return !equal(value, *other);
    if (name == "in") return contains(*other, value);
    if (name == "divisibleby" && is_data && data.is_number_integer() && truth(*other))
      return data.get<std::int64_t>() % other->data.get<std::int64_t>() == 0;
    if (name == "gt" || name == ">") return less(*other, value);
    if (name == "lt" || name == "<") return less(value, *other);
  }
  return missing("test", name);
}

Result<Value> call_method(const std::string& name, const Call& call) {
  const Value& self = call.values[0];
  const Value* argument = call.get(1, "");
  if (self.is_string()) {
    const std::string& text = self.text();
    const std::string first = argument != nullptr && argument->is_string() ? argument->text() : "";
    if (name == "strip" || name == "lstrip" || name == "rstrip")
      return Value(stripped(text, first, name != "rstrip", name != "lstrip"));
    if (name == "split") return Value(split(text, argument, call.number(2, "maxsplit", -1)));
    if (name == "startswith" || name == "endswith") {
      const auto fits = [&](const std::string& part) {
        return name == "startswith" ? text.starts_with(part) : text.ends_with(part);
      };
      if (argument == nullptr || !argument->is_data() || !argument->data.is_array()) return Value(fits(first));
      for (const Json& part : argument->data)
        if (part.is_string() && fits(part.get<std::string>())) return Value(true);
      return Value(false);
    }
    if (name == "upper" || name == "lower") return Value(ascii_case(text, name == "upper"));
    if (name == "title" || name == "capitalize") return Value(titled(text, name == "title"));
    if (name == "replace") return replaced_in(text, first, call.text(2, "", ""));
    if (name == "splitlines") {
      if (text.empty()) return Value(Json::array());
      const Value line_end("\n");
      return Value(split(text.ends_with("\n") ? text.substr(0, text.size() - 1) : text, &line_end, -1));
    }
    if (name == "join" && argument != nullptr) {
      KOAN_ASSIGN(const std::vector<Json> items, items_of(*argument));
      return Value(joined(items, text));
    }
  }
  if (self.is_data() && self.data.is_object()) {
    if (name == "items") return Value(pairs_of(self.data));
    Json out = Json::array();
    for (const auto& [key, value] : self.data.items()) out.push_back(name == "keys" ? Json(key) : value);
    if (name == "keys" || name == "values") return Value(std::move(out));
    if (name == "get" && argument != nullptr) {
      KOAN_ASSIGN(Value found, item_of(self, *argument));
      if (!found.is_undefined()) return found;
      return call.values.size() > 2 ? call.values[2] : Value(nullptr);
    }
  }
  return missing("method", name);
}

Result<Value> item_of(const Value& value, const Value& index) {
  if (value.kind == Value::Kind::kNamespace && index.is_string()) {
    const auto found = value.names->find(index.text());
    return found == value.names->end() ? undefined(index.text()) : found->second;
  }
  if (value.is_undefined()) return Error{ErrorCode::kUsage, "'" + value.function + "' is undefined and has no parts"};
  if (!value.is_data()) return undefined(to_text(index));
  if (value.data.is_object() && index.is_string()) {
    const auto found = value.data.find(index.text());
    return found == value.data.end() ? undefined(index.text()) : Value(*found);
  }
  if (!index.is_data() || !index.data.is_number_integer() || (!value.data.is_array() && !value.is_string()))
    return undefined(to_text(index));
  KOAN_ASSIGN(const std::vector<Json> items, items_of(value));
  const auto size = static_cast<std::int64_t>(items.size());
  std::int64_t at = index.data.get<std::int64_t>();
  if (at < 0) at += size;
  return at >= 0 && at < size ? Value(items[static_cast<std::size_t>(at)]) : undefined(to_text(index));
}

bool contains(const Value& whole, const Value& part) {
  if (whole.is_string() && part.is_string()) return whole.text().find(part.text()) != std::string::npos;
  const auto items = items_of(whole);
  return items && part.is_data() && std::find(items->begin(), items->end(), part.data) != items->end();
}

}  // namespace koan::jinja
