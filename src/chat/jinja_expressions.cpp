#include "chat/jinja_expressions.h"

#include <array>
#include <charconv>

namespace koan::jinja {
namespace {

using Kind = Node::Kind;
constexpr int kMaxDepth = 100;

}  // namespace

Result<ExpressionParser::Nested> ExpressionParser::enter() {
  if (depth_ >= kMaxDepth) return Error{ErrorCode::kLimit, place() + "nested deeper than 100"};
  return Nested(depth_);
}

bool ExpressionParser::take_symbol(std::string_view text) {
  if (!is_symbol(text)) return false;
  take();
  return true;
}

bool ExpressionParser::take_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}

Status ExpressionParser::expect(Word::Kind kind, const char* what) {
  if (word().kind != kind) return wrong("'" + std::string(what) + "' is missing before '" + word().text + "'");
  take();
  return {};
}

ExpressionParser::NodePtr ExpressionParser::make(Kind kind) const {
  auto out = std::make_unique<Node>();
  out->kind = kind;
  out->line = word().line;
  return out;
}

ExpressionParser::NodePtr ExpressionParser::binary(std::string name, NodePtr left, NodePtr right) const {
  auto out = make(Kind::kBinary);
  out->text = std::move(name);
  out->parts.push_back(std::move(left));
  out->parts.push_back(std::move(right));
  return out;
}

Result<ExpressionParser::NodePtr> ExpressionParser::expression_list() {
  KOAN_ASSIGN(NodePtr first, expression());
  if (!is_symbol(",")) return first;
  auto out = make(Kind::kList);
  out->parts.push_back(std::move(first));
  while (take_symbol(",")) {
    KOAN_ASSIGN(NodePtr next, expression());
    out->parts.push_back(std::move(next));
  }
  return out;
}

Result<ExpressionParser::NodePtr> ExpressionParser::expression() {
  KOAN_ASSIGN(const Nested nested, enter());
  KOAN_ASSIGN(NodePtr value, expression_without_choice());
  while (take_name("if")) {
    auto out = make(Kind::kChoose);
    out->parts.push_back(std::move(value));
    KOAN_ASSIGN(NodePtr condition, expression_without_choice());
    out->parts.push_back(std::move(condition));
    if (take_name("else")) {
      KOAN_ASSIGN(NodePtr other, expression());
      out->parts.push_back(std::move(other));
    }
    value = std::move(out);
  }
  return value;
}

Result<ExpressionParser::NodePtr> ExpressionParser::expression_without_choice() {
  KOAN_ASSIGN(NodePtr left, conjunction());
  while (take_name("or")) {
    KOAN_ASSIGN(NodePtr right, conjunction());
    left = binary("or", std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionParser::NodePtr> ExpressionParser::conjunction() {
  KOAN_ASSIGN(NodePtr left, negation());
  while (take_name("and")) {
    KOAN_ASSIGN(NodePtr right, negation());
    left = binary("and", std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionParser::NodePtr> ExpressionParser::negation() {
  if (!take_name("not")) return comparison();
  KOAN_ASSIGN(const Nested nested, enter());
  auto out = make(Kind::kUnary);
  out->text = "not";
  KOAN_ASSIGN(NodePtr value, negation());
  out->parts.push_back(std::move(value));
  return out;
}

// a < b < c is a < b and b < c in Python; no chat template needs it, so here it is an error and not something else.
Result<ExpressionParser::NodePtr> ExpressionParser::comparison() {
  KOAN_ASSIGN(NodePtr left, sum());
  std::string name;
  for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">"})
    if (name.empty() && take_symbol(symbol)) name = symbol;
  if (name.empty() && take_name("in")) name = "in";
  if (name.empty() && is_name("not") && words_[at_ + 1].kind == Word::Kind::kName && words_[at_ + 1].text == "in") {
    take();
    take();
    name = "not in";
  }
  if (name.empty()) return left;
  KOAN_ASSIGN(NodePtr right, sum());
  for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">"})
    if (is_symbol(symbol)) return Error{ErrorCode::kNotSupported, place() + "a chain of comparisons is not supported"};
  return binary(std::move(name), std::move(left), std::move(right));
}

Result<ExpressionParser::NodePtr> ExpressionParser::sum() {
  KOAN_ASSIGN(NodePtr left, joined());
  while (is_symbol("+") || is_symbol("-")) {
    std::string name = take().text;
    KOAN_ASSIGN(NodePtr right, joined());
    left = binary(std::move(name), std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionParser::NodePtr> ExpressionParser::joined() {
  KOAN_ASSIGN(NodePtr left, product());
  while (take_symbol("~")) {
    KOAN_ASSIGN(NodePtr right, product());
    left = binary("~", std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionParser::NodePtr> ExpressionParser::product() {
  KOAN_ASSIGN(NodePtr left, signed_value(true));
  while (is_symbol("*") || is_symbol("/") || is_symbol("//") || is_symbol("%")) {
    std::string name = take().text;
    KOAN_ASSIGN(NodePtr right, signed_value(true));
    left = binary(std::move(name), std::move(left), std::move(right));
  }
  return left;
}

// A filter behind "-x" belongs to the whole.
Result<ExpressionParser::NodePtr> ExpressionParser::signed_value(bool with_filters) {
  NodePtr out;
  if (is_symbol("-") || is_symbol("+")) {
    KOAN_ASSIGN(const Nested nested, enter());
    out = make(Kind::kUnary);
    out->text = take().text;
    KOAN_ASSIGN(NodePtr value, signed_value(false));
    out->parts.push_back(std::move(value));
  } else {
    KOAN_ASSIGN(out, power());
  }
  return with_filters ? filters(std::move(out)) : Result<NodePtr>(std::move(out));
}

Result<ExpressionParser::NodePtr> ExpressionParser::power() {
  KOAN_ASSIGN(NodePtr value, primary());
  KOAN_ASSIGN(NodePtr left, postfix(std::move(value)));
  if (is_symbol("**")) return Error{ErrorCode::kNotSupported, place() + "operator '**' is not supported"};
  return left;
}

Result<ExpressionParser::NodePtr> ExpressionParser::primary() {
  auto out = make(Kind::kConstant);
  switch (word().kind) {
    case Word::Kind::kString: {
      std::string text = take().text;
      while (word().kind == Word::Kind::kString) text += take().text;  // as in Python: "a" "b" is "ab"
      out->value = Value(std::move(text));
      return out;
    }
    case Word::Kind::kNumber: {
      const std::string text = take().text;
      if (text.find('.') != std::string::npos) {
        out->value = Value(std::strtod(text.c_str(), nullptr));
        return out;
      }
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc()) return wrong("number " + text + " is too large");
      out->value = Value(number);
      return out;
    }
    case Word::Kind::kName: {
      const std::string name = take().text;
      if (name == "true" || name == "True")
        out->value = Value(true);
      else if (name == "false" || name == "False")
        out->value = Value(false);
      else if (name == "none" || name == "None")
        out->value = Value(nullptr);
      else
        out->kind = Kind::kName, out->text = name;
      return out;
    }
    case Word::Kind::kSymbol:
      return list_or_mapping();
    default:
      return wrong("an expression is missing");
  }
}

Result<ExpressionParser::NodePtr> ExpressionParser::list_or_mapping() {
  KOAN_ASSIGN(const Nested nested, enter());
  if (take_symbol("(")) {
    auto out = make(Kind::kList);
    bool list = is_symbol(")");
    while (!take_symbol(")")) {
      KOAN_ASSIGN(NodePtr item, expression());
      out->parts.push_back(std::move(item));
      if (take_symbol(","))
        list = true;
      else if (!is_symbol(")"))
        return wrong("')' is missing");
    }
    return list ? std::move(out) : std::move(out->parts[0]);
  }
  const bool mapping = is_symbol("{");
  if (!mapping && !is_symbol("[")) return wrong("an expression cannot begin with '" + word().text + "'");
  take();
  const char* const end = mapping ? "}" : "]";
  auto out = make(mapping ? Kind::kMapping : Kind::kList);
  while (!take_symbol(end)) {
    KOAN_ASSIGN(NodePtr item, expression());
    out->parts.push_back(std::move(item));
    if (mapping) {
      if (!take_symbol(":")) return wrong("':' is missing in a mapping");
      KOAN_ASSIGN(NodePtr value, expression());
      out->parts.push_back(std::move(value));
    }
    if (!take_symbol(",") && !is_symbol(end)) return wrong("'" + std::string(end) + "' is missing");
  }
  return out;
}

Result<ExpressionParser::NodePtr> ExpressionParser::postfix(NodePtr node) {
  while (true) {
    if (take_symbol(".")) {
      if (word().kind != Word::Kind::kName && word().kind != Word::Kind::kNumber)
        return wrong("a name is missing after '.'");
      auto out = make(word().kind == Word::Kind::kName ? Kind::kAttribute : Kind::kItem);
      out->parts.push_back(std::move(node));
      if (out->kind == Kind::kAttribute) {
        out->text = take().text;
      } else {
        KOAN_ASSIGN(NodePtr index, primary());
        out->parts.push_back(std::move(index));
      }
      node = std::move(out);
    } else if (take_symbol("[")) {
      KOAN_ASSIGN(node, subscript(std::move(node)));
    } else if (is_symbol("(")) {
      auto out = make(Kind::kCall);
      out->parts.push_back(std::move(node));
      KOAN_TRY(arguments(*out));
      node = std::move(out);
    } else {
      return node;
    }
  }
}

Result<ExpressionParser::NodePtr> ExpressionParser::subscript(NodePtr node) {
  auto out = make(Kind::kItem);
  out->parts.push_back(std::move(node));
  for (int colons = 0; !take_symbol("]");) {
    if (take_symbol(":")) {
      out->kind = Kind::kSlice;
      if (++colons > 2) return wrong("a slice has three parts");
      while (static_cast<int>(out->parts.size()) < 1 + colons) out->parts.push_back(make(Kind::kConstant));
      continue;
    }
    if (static_cast<int>(out->parts.size()) != 1 + colons) return wrong("']' is missing");
    KOAN_ASSIGN(NodePtr part, expression());
    out->parts.push_back(std::move(part));
  }
  if (out->kind == Kind::kItem && out->parts.size() != 2) return wrong("an index is missing");
  while (out->kind == Kind::kSlice && out->parts.size() < 4) out->parts.push_back(make(Kind::kConstant));
  return out;
}

Result<ExpressionParser::NodePtr> ExpressionParser::filters(NodePtr node) {
  while (true) {
    if (take_symbol("|")) {
      if (word().kind != Word::Kind::kName) return wrong("a filter has no name");
      auto out = make(Kind::kFilter);
      out->text = take().text;
      out->parts.push_back(std::move(node));
      if (is_symbol("(")) KOAN_TRY(arguments(*out));
      KOAN_ASSIGN(node, postfix(std::move(out)));
    } else if (is_name("is")) {
      KOAN_ASSIGN(node, test(std::move(node)));
    } else {
      return node;
    }
  }
}

Result<ExpressionParser::NodePtr> ExpressionParser::test(NodePtr node) {
  take();
  const bool negated = take_name("not");
  if (word().kind != Word::Kind::kName) return wrong("a test has no name");
  auto out = make(Kind::kTest);
  out->text = take().text;
  out->parts.push_back(std::move(node));
  static constexpr std::array<std::string_view, 6> kNoArgument = {"and", "or", "else", "if", "is", "not"};
  bool bare = word().kind == Word::Kind::kString || word().kind == Word::Kind::kNumber ||
              (word().kind == Word::Kind::kName && word().text != "in");
  for (const std::string_view name : kNoArgument) bare = bare && !is_name(name);
  if (is_symbol("(")) {
    KOAN_TRY(arguments(*out));
  } else if (bare) {  // x is divisibleby 3
    KOAN_ASSIGN(NodePtr value, primary());
    KOAN_ASSIGN(NodePtr argument, postfix(std::move(value)));
    out->parts.push_back(std::move(argument));
    out->names.emplace_back();
  }
  if (!negated) return out;
  auto no = make(Kind::kUnary);
  no->text = "not";
  no->parts.push_back(std::move(out));
  return no;
}

Status ExpressionParser::arguments(Node& call) {
  KOAN_ASSIGN(const Nested nested, enter());
  take();
  while (!take_symbol(")")) {
    std::string keyword;
    if (word().kind == Word::Kind::kName && words_[at_ + 1].kind == Word::Kind::kSymbol &&
        words_[at_ + 1].text == "=") {
      keyword = take().text;
      take();
    }
    KOAN_ASSIGN(NodePtr value, expression());
    call.parts.push_back(std::move(value));
    call.names.push_back(std::move(keyword));
    if (!take_symbol(",") && !is_symbol(")")) return wrong("')' is missing");
  }
  return {};
}

}  // namespace koan::jinja
