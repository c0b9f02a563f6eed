#include "chat/jinja_value.h"

#include <cmath>
#include <cstdio>

namespace koan::jinja {
namespace {

std::string number_text(const Json& value) {
  if (!value.is_number_float()) return value.dump();
  const double x = value.get<double>();
  if (std::isfinite(x) && x == std::floor(x) && std::abs(x) < 1e16) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.1f", x);
    return buffer;
  }
  return value.dump();
}

// Python's repr of a string: single quotes unless only those occur inside.
std::string quoted(const std::string& text) {
  const bool single = text.find('\'') == std::string::npos || text.find('"') != std::string::npos;
  const char quote = single ? '\'' : '"';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\\' || c == quote) out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + quote;
}

std::string repr(const Json& value) {
  if (value.is_string()) return quoted(value.get_ref<const std::string&>());
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_number()) return number_text(value);
  std::string out(1, value.is_array() ? '[' : '{');
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) out += ", ";
    first = false;
    if (value.is_object()) out += quoted(key) + ": ";
    out += repr(item);
  }
  return out + (value.is_array() ? ']' : '}');
}

void write_json(const Json& value, int indent, int depth, std::string& out) {
  if (!value.is_structured() || value.empty()) {
    out += value.is_number() ? number_text(value) : value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  const auto line = [&](int level) {
    if (indent >= 0) out += "\n" + std::string(static_cast<std::size_t>(indent * level), ' ');
  };
  out += value.is_array() ? '[' : '{';
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) out += indent >= 0 ? "," : ", ";
    first = false;
    line(depth + 1);
    if (value.is_object()) out += Json(key).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
    write_json(item, indent, depth + 1, out);
  }
  line(depth);
  out += value.is_array() ? ']' : '}';
}

}  // namespace

Value undefined(std::string what) {
  Value out;
  out.function = std::move(what);
  return out;
}

bool truth(const Value& value) noexcept {
  if (value.is_undefined()) return false;
  if (!value.is_data()) return true;
  const Json& v = value.data;
  if (v.is_boolean()) return v.get<bool>();
  if (v.is_number()) return v.get<double>() != 0;
  if (v.is_string()) return !value.text().empty();
  return !v.empty();  // null is empty
}

std::string to_text(const Value& value) {
  if (value.is_undefined()) return {};
  if (!value.is_data()) return "<" + (value.function.empty() ? std::string("object") : value.function) + ">";
  return value.is_string() ? value.text() : repr(value.data);
}

std::string to_json(const Json& value, int indent) {
  std::string out;
  write_json(value, indent, 0, out);
  return out;
}

Result<bool> less(const Value& a, const Value& b) {
  if (a.is_string() && b.is_string()) return a.text() < b.text();
  const auto number = [](const Value& v) { return v.is_data() && (v.data.is_number() || v.data.is_boolean()); };
  if (!number(a) || !number(b)) return Error{ErrorCode::kUsage, "values that cannot be ordered are compared"};
  if (a.data.is_number_integer() && b.data.is_number_integer())
    return a.data.get<std::int64_t>() < b.data.get<std::int64_t>();
  const auto real = [](const Json& v) { return v.is_boolean() ? (v.get<bool>() ? 1.0 : 0.0) : v.get<double>(); };
  return real(a.data) < real(b.data);
}

bool equal(const Value& a, const Value& b) noexcept {
  if (a.kind != b.kind) return false;
  if (a.is_data()) return a.data == b.data;
  return a.is_undefined() || (a.names == b.names && a.macro == b.macro && a.function == b.function);
}

Result<std::vector<Json>> items_of(const Value& value) {
  std::vector<Json> out;
  if (value.is_undefined()) return out;
  if (value.kind == Value::Kind::kNamespace) {
    for (const auto& [name, item] : *value.names) out.emplace_back(name);
    return out;
  }
  if (value.is_string()) {
    for (std::string& c : characters(value.text())) out.emplace_back(std::move(c));
  } else if (value.is_data() && value.data.is_array()) {
    out.assign(value.data.begin(), value.data.end());
  } else if (value.is_data() && value.data.is_object()) {
    for (const auto& entry : value.data.items()) out.emplace_back(entry.key());
  } else {
    return Error{ErrorCode::kUsage, "'" + to_text(value) + "' has no items"};
  }
  return out;
}

std::size_t weight(const Json& value) noexcept {
  if (value.is_string()) return value.get_ref<const std::string&>().size() / 64;
  if (!value.is_structured()) return 0;
  std::size_t out = value.size();
  for (const Json& item : value) out += weight(item);
  return out;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80 && !out.empty())
      out.back() += c;
    else
      out.emplace_back(1, c);
  }
  return out;
}

std::string stripped(const std::string& text, const std::string& set, bool left, bool right) {
  const std::string space = set.empty() ? std::string(" \t\n\r\f\v\x1c\x1d\x1e\x1f", 10) : set;
  std::size_t from = 0, to = text.size();
  while (left && from < to && space.find(text[from]) != std::string::npos) ++from;
  while (right && to > from && space.find(text[to - 1]) != std::string::npos) --to;
  return text.substr(from, to - from);
}

}  // namespace koan::jinja
