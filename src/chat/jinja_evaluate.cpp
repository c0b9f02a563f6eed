#include "chat/jinja_evaluate.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace koan::jinja {
namespace {

using Kind = Node::Kind;
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr std::int64_t kMaxRange = 100'000;
constexpr std::size_t kMaxText = std::size_t{4} << 20;
constexpr const char* kPlace = "chat template, line ";

Value function(std::string name) {
  Value out;
  out.kind = Value::Kind::kFunction;
  out.function = std::move(name);
  return out;
}

bool is_integer(const Value& v) { return v.is_data() && (v.data.is_number_integer() || v.data.is_boolean()); }
bool is_number(const Value& v) { return is_integer(v) || (v.is_data() && v.data.is_number()); }
std::int64_t integer(const Value& v) { return v.data.is_boolean() ? v.data.get<bool>() : v.data.get<std::int64_t>(); }
double real(const Value& v) { return v.data.is_boolean() ? v.data.get<bool>() : v.data.get<double>(); }

// Floor, as in Python.
std::int64_t divided(std::int64_t a, std::int64_t b) { return a / b - ((a % b != 0) && ((a < 0) != (b < 0)) ? 1 : 0); }

std::string date_text(const Date& date, const std::string& format) {
  std::tm when{};
  when.tm_year = date.year - 1900;
  when.tm_mon = date.month - 1;
  when.tm_mday = date.day;
  const std::time_t seconds = ::timegm(&when);  // fills the day of the week and of the year
  ::gmtime_r(&seconds, &when);
  char buffer[256];
  const std::size_t size = std::strftime(buffer, sizeof buffer, format.c_str(), &when);
  return {buffer, size};
}

}  // namespace

Evaluator::Evaluator(const Json& variables, Date today) : scopes_(kGlobalScopes), today_(today) {
  for (const char* name : {"range", "namespace", "raise_exception", "strftime_now", "dict"})
    scopes_[0][name] = function(name);
  for (const auto& [name, value] : variables.items()) scopes_[0][name] = Value(value);
}

Error Evaluator::located(Error error, const Node& node) {
  if (error.message.starts_with(kPlace)) return error;
  return std::move(error).in(kPlace + std::to_string(node.line));
}

Status Evaluator::count_step(std::size_t steps) {
  steps_ += steps;
  if (steps_ > kMaxSteps) return Error{ErrorCode::kLimit, "more than a million steps"};
  return {};
}

Value Evaluator::lookup(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (const auto found = scope->find(name); found != scope->end()) return found->second;
  return undefined(name);
}

Result<Value> Evaluator::evaluate(const Node& node) {
  auto out = compute(node);
  // Values are copied, so large ones are paid for: a list that holds itself twice over and over ends here.
  const Status paid = out && out->is_data() ? count_step(weight(out->data)) : Status();
  if (!paid) return located(Error(paid.error()), node);
  if (!out) return located(std::move(out).error(), node);
  return out;
}

Result<Value> Evaluator::compute(const Node& node) {
  KOAN_TRY(count_step(1));
  switch (node.kind) {
    case Kind::kConstant:
      return node.value;
    case Kind::kName:
      return lookup(node.text);
    case Kind::kList: {
      Json out = Json::array();
      for (const auto& part : node.parts) {
        KOAN_ASSIGN(Value item, evaluate(*part));
        out.push_back(std::move(item.data));
      }
      return Value(std::move(out));
    }
    case Kind::kMapping: {
      Json out = Json::object();
      for (std::size_t i = 0; i < node.parts.size(); i += 2) {
        KOAN_ASSIGN(const Value key, evaluate(*node.parts[i]));
        KOAN_ASSIGN(Value item, evaluate(*node.parts[i + 1]));
        out[to_text(key)] = std::move(item.data);
      }
      return Value(std::move(out));
    }
    case Kind::kAttribute: {
      KOAN_ASSIGN(const Value whole, evaluate(*node.parts[0]));
      return item_of(whole, Value(node.text));
    }
    case Kind::kItem: {
      KOAN_ASSIGN(const Value whole, evaluate(*node.parts[0]));
      KOAN_ASSIGN(const Value index, evaluate(*node.parts[1]));
      return item_of(whole, index);
    }
    case Kind::kSlice:
      return slice(node);
    case Kind::kCall:
      return call(node);
    case Kind::kFilter: {
      KOAN_ASSIGN(const Call call, arguments(node, 0));
      return apply_filter(node.text, call);
    }
    case Kind::kTest: {
      KOAN_ASSIGN(const Call call, arguments(node, 0));
      KOAN_ASSIGN(const bool result, apply_test(node.text, call));
      return Value(result);
    }
    case Kind::kUnary:
      return unary(node);
    case Kind::kBinary:
      return binary(node);
    default: {  // kChoose
      KOAN_ASSIGN(const Value condition, evaluate(*node.parts[1]));
      if (truth(condition)) return evaluate(*node.parts[0]);
      return node.parts.size() > 2 ? evaluate(*node.parts[2]) : Result<Value>(undefined("value"));
    }
  }
}

Result<Value> Evaluator::unary(const Node& node) {
  KOAN_ASSIGN(const Value value, evaluate(*node.parts[0]));
  if (node.text == "not") return Value(!truth(value));
  if (!is_number(value)) return Error{ErrorCode::kUsage, "a sign in front of '" + to_text(value) + "'"};
  if (node.text == "+") return value;
  return is_integer(value) ? arithmetic("-", Value(std::int64_t{0}), value) : Result<Value>(Value(-real(value)));
}

Result<Value> Evaluator::binary(const Node& node) {
  KOAN_ASSIGN(const Value a, evaluate(*node.parts[0]));
  if (node.text == "and" && !truth(a)) return a;
  if (node.text == "or" && truth(a)) return a;
  KOAN_ASSIGN(const Value b, evaluate(*node.parts[1]));
  if (node.text == "and" || node.text == "or") return b;
  if (node.text == "==") return Value(equal(a, b));
  if (node.text == "!=") return Value(!equal(a, b));
  if (node.text == "in") return Value(contains(b, a));
  if (node.text == "not in") return Value(!contains(b, a));
  if (node.text == "~") return Value(to_text(a) + to_text(b));
  if (node.text == "<" || node.text == ">") {
    KOAN_ASSIGN(const bool result, node.text == "<" ? less(a, b) : less(b, a));
    return Value(result);
  }
  if (node.text == "<=" || node.text == ">=") {
    KOAN_ASSIGN(const bool result, node.text == "<=" ? less(b, a) : less(a, b));
    return Value(!result);
  }
  return arithmetic(node.text, a, b);
}

Result<Value> Evaluator::arithmetic(const std::string& name, const Value& a, const Value& b) {
  if (name == "+" && a.is_string() && b.is_string()) {
    if (a.text().size() + b.text().size() > kMaxText) return Error{ErrorCode::kLimit, "a string is longer than 4 MiB"};
    return Value(a.text() + b.text());
  }
  if (name == "+" && a.is_data() && b.is_data() && a.data.is_array() && b.data.is_array()) {
    Json out = a.data;
    out.insert(out.end(), b.data.begin(), b.data.end());
    return Value(std::move(out));
  }
  if (name == "*" && a.is_string() && is_integer(b)) {
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(integer(b), 0));
    if (!a.text().empty() && count > kMaxText / a.text().size())
      return Error{ErrorCode::kLimit, "a string is longer than 4 MiB"};
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += a.text();
    return Value(std::move(out));
  }
  if (!is_number(a) || !is_number(b)) {
    const Value& odd = is_number(a) ? b : a;
    std::string what = odd.is_undefined() ? "undefined '" : "'";
    what.append(odd.is_undefined() ? odd.function : to_text(odd)).append("'");
    return Error{ErrorCode::kUsage, "operator " + name + " with " + what};
  }
  if ((name == "/" || name == "//" || name == "%") && real(b) == 0) return Error{ErrorCode::kUsage, "division by zero"};
  if (is_integer(a) && is_integer(b) && name != "/") {
    const std::int64_t x = integer(a), y = integer(b);
    std::int64_t out = 0;
    bool over = false;
    if (name == "+")
      over = __builtin_add_overflow(x, y, &out);
    else if (name == "-")
      over = __builtin_sub_overflow(x, y, &out);
    else if (name == "*")
      over = __builtin_mul_overflow(x, y, &out);
    else if (x == INT64_MIN)
      over = true;
    else
      out = name == "//" ? divided(x, y) : x - divided(x, y) * y;
    if (over) return Error{ErrorCode::kUsage, "a number is too large"};
    return Value(out);
  }
  const double x = real(a), y = real(b);
  if (name == "+") return Value(x + y);
  if (name == "-") return Value(x - y);
  if (name == "*") return Value(x * y);
  if (name == "/") return Value(x / y);
  return Value(name == "//" ? std::floor(x / y) : x - std::floor(x / y) * y);
}

Result<Value> Evaluator::slice(const Node& node) {
  KOAN_ASSIGN(const Value whole, evaluate(*node.parts[0]));
  KOAN_ASSIGN(const std::vector<Json> items, items_of(whole));
  const auto size = static_cast<std::int64_t>(items.size());
  std::int64_t part[3] = {0, 0, 1};
  bool given[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    KOAN_ASSIGN(const Value value, evaluate(*node.parts[i + 1]));
    given[i] = is_integer(value);
    if (given[i])
      part[i] = integer(value);
    else if (truth(value))
      return Error{ErrorCode::kUsage, "a part of a slice is no whole number"};
  }
  const std::int64_t step = std::clamp(part[2], -size - 1, size + 1);
  if (part[2] == 0) return Error{ErrorCode::kUsage, "the step of a slice is 0"};
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto place = [&](std::size_t i, std::int64_t otherwise) {
    if (!given[i]) return otherwise;
    return std::clamp(part[i] < 0 ? std::max(part[i], -size - 1) + size : part[i], low, high);
  };
  const std::int64_t start = place(0, step > 0 ? 0 : size - 1), stop = place(1, step > 0 ? size : -1);
  Json out = Json::array();
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop; i += step)
    out.push_back(items[static_cast<std::size_t>(i)]);
  if (!whole.is_string()) return Value(std::move(out));
  std::string text;
  for (const Json& c : out) text += c.get<std::string>();
  return Value(std::move(text));
}

// Parts from `first` on; the names belong to those after the first part of the node.
Result<Call> Evaluator::arguments(const Node& node, std::size_t first) {
  Call out;
  for (std::size_t i = first; i < node.parts.size(); ++i) {
    KOAN_ASSIGN(Value value, evaluate(*node.parts[i]));
    if (i == 0 || node.names[i - 1].empty())
      out.values.push_back(std::move(value));
    else
      out.named.emplace_back(node.names[i - 1], std::move(value));
  }
  return out;
}

Result<Value> Evaluator::call(const Node& node) {
  const Node& callee = *node.parts[0];
  if (callee.kind == Kind::kAttribute) {
    KOAN_ASSIGN(const Value object, evaluate(*callee.parts[0]));
    KOAN_ASSIGN(const Value own, item_of(object, Value(callee.text)));
    if (own.kind == Value::Kind::kUndefined) {
      KOAN_ASSIGN(Call call, arguments(node, 1));
      call.values.insert(call.values.begin(), object);
      return call_method(callee.text, call);
    }
  }
  KOAN_ASSIGN(const Value target, evaluate(callee));
  KOAN_ASSIGN(Call call, arguments(node, 1));
  if (target.kind == Value::Kind::kMacro) return call_macro(*target.macro, std::move(call));
  if (target.kind == Value::Kind::kFunction) return call_function(target.function, call);
  return Error{ErrorCode::kNotSupported, "function '" + callee.text + "' is not supported"};
}

Result<Value> Evaluator::call_function(const std::string& name, const Call& call) {
  if (name == "raise_exception") return Error{ErrorCode::kUsage, call.text(0, "message", "the template refuses")};
  if (name == "strftime_now") return Value(date_text(today_, call.text(0, "format", "%Y-%m-%d")));
  if (name == "range") {
    const bool one = call.values.size() == 1;
    const std::int64_t from = one ? 0 : call.number(0, "", 0), to = call.number(one ? 0 : 1, "", 0),
                       step = call.number(2, "", 1);
    if (step == 0) return Error{ErrorCode::kUsage, "range with a step of 0"};
    Json out = Json::array();
    for (std::int64_t i = from; step > 0 ? i < to : i > to; i += step) {
      if (static_cast<std::int64_t>(out.size()) >= kMaxRange)
        return Error{ErrorCode::kLimit, "range of more than 100000"};
      out.push_back(i);
    }
    return Value(std::move(out));
  }
  if (name == "dict") {
    Json out = Json::object();
    for (const auto& [key, value] : call.named) out[key] = value.data;
    return Value(std::move(out));
  }
  Value out;
  out.kind = Value::Kind::kNamespace;
  out.names = std::make_shared<Scope>();
  for (const auto& [key, value] : call.named) (*out.names)[key] = value;
  return out;
}

}  // namespace koan::jinja
