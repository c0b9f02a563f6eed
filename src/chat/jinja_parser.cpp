#include "chat/jinja_parser.h"

#include <array>
#include <charconv>

#include "chat/jinja_expressions.h"

namespace koan::jinja {
namespace {

using Kind = Node::Kind;

class StatementParser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  // Statements up to one of `ends`, whose opening {% and name are read; or to the end of the template.
  Result<Nodes> block(std::initializer_list<std::string_view> ends, std::string* found) {
    Nodes out;
    KOAN_ASSIGN(const Nested nested, enter());
    while (true) {
      switch (word().kind) {
        case Word::Kind::kEnd:
          if (ends.size() != 0) return wrong("'" + std::string(*(ends.end() - 1)) + "' is missing");
          return out;
        case Word::Kind::kText: {
          auto node = make(Kind::kText);
          node->text = take().text;
          out.push_back(std::move(node));
          break;
        }
        case Word::Kind::kOpenOutput: {
          auto node = make(Kind::kOutput);
          take();
          KOAN_ASSIGN(auto value, expression_list());
          node->parts.push_back(std::move(value));
          KOAN_TRY(expect(Word::Kind::kCloseOutput, "}}"));
          out.push_back(std::move(node));
          break;
        }
        default: {
          take();
          if (word().kind != Word::Kind::kName) return wrong("a statement has no name");
          for (const std::string_view end : ends) {
            if (word().text != end) continue;
            *found = take().text;
            return out;
          }
          KOAN_TRY(statement(out));
        }
      }
    }
  }

 private:
  Status statement(Nodes& out) {
    const std::string name = word().text;
    // Marks what a model is trained on; says nothing about the text.
    if (name == "generation" || name == "endgeneration") {
      take();
      return close();
    }
    auto node = make(Kind::kBreak);
    take();
    if (name == "if") {
      KOAN_TRY(if_statement(*node));
    } else if (name == "for") {
      KOAN_TRY(for_statement(*node));
    } else if (name == "set") {
      KOAN_TRY(set_statement(*node));
    } else if (name == "macro") {
      KOAN_TRY(macro_statement(*node));
    } else if (name == "break" || name == "continue") {
      if (loops_ == 0) return wrong("'" + name + "' outside a loop");
      node->kind = name == "break" ? Kind::kBreak : Kind::kContinue;
      KOAN_TRY(close());
    } else {
      return Error{ErrorCode::kNotSupported, place() + "statement '" + name + "' is not supported"};
    }
    out.push_back(std::move(node));
    return {};
  }

  Status close() { return expect(Word::Kind::kCloseBlock, "%}"); }

  Status if_statement(Node& node) {
    node.kind = Kind::kIf;
    KOAN_ASSIGN(auto condition, expression());
    node.parts.push_back(std::move(condition));
    KOAN_TRY(close());
    std::string end;
    KOAN_ASSIGN(node.body, block({"elif", "else", "endif"}, &end));
    if (end == "elif") {
      KOAN_ASSIGN(const Nested nested, enter());
      auto other = make(Kind::kIf);
      KOAN_TRY(if_statement(*other));
      node.otherwise.push_back(std::move(other));
      return {};
    }
    KOAN_TRY(close());
    if (end == "endif") return {};
    KOAN_ASSIGN(node.otherwise, block({"endif"}, &end));
    return close();
  }

  Status for_statement(Node& node) {
    node.kind = Kind::kFor;
    KOAN_ASSIGN(node.names, name_list());
    if (!take_name("in")) return wrong("'for' has no 'in'");
    KOAN_ASSIGN(auto items, expression_without_choice());
    node.parts.push_back(std::move(items));
    if (take_name("if")) {
      KOAN_ASSIGN(auto condition, expression());
      node.parts.push_back(std::move(condition));
    }
    if (is_name("recursive")) return Error{ErrorCode::kNotSupported, place() + "'recursive' is not supported"};
    KOAN_TRY(close());
    std::string end;
    ++loops_;
    KOAN_ASSIGN(node.body, block({"else", "endfor"}, &end));
    --loops_;
    KOAN_TRY(close());
    if (end == "endfor") return {};
    KOAN_ASSIGN(node.otherwise, block({"endfor"}, &end));
    return close();
  }

  Result<std::vector<std::string>> name_list() {
    std::vector<std::string> out;
    const bool bracket = take_symbol("(");
    do {
      if (word().kind != Word::Kind::kName) return wrong("a name is missing");
      out.push_back(take().text);
    } while (take_symbol(","));
    if (bracket && !take_symbol(")")) return wrong("')' is missing");
    return out;
  }

  Status set_statement(Node& node) {
    if (word().kind != Word::Kind::kName) return wrong("'set' has no name");
    auto target = make(Kind::kName);
    target->text = take().text;
    if (take_symbol(".")) {
      auto attribute = make(Kind::kAttribute);
      if (word().kind != Word::Kind::kName) return wrong("a name is missing after '.'");
      attribute->text = take().text;
      attribute->parts.push_back(std::move(target));
      target = std::move(attribute);
    }
    if (!is_symbol("=") && !is_symbol(",")) {
      node.kind = Kind::kSetBlock;
      if (target->kind != Kind::kName || word().kind != Word::Kind::kCloseBlock) return wrong("'set' has no value");
      node.names.push_back(target->text);
      KOAN_TRY(close());
      std::string end;
      KOAN_ASSIGN(node.body, block({"endset"}, &end));
      return close();
    }
    node.kind = Kind::kSet;
    node.parts.push_back(std::move(target));
    while (take_symbol(",")) {
      auto next = make(Kind::kName);
      if (word().kind != Word::Kind::kName) return wrong("a name is missing");
      next->text = take().text;
      node.parts.push_back(std::move(next));
    }
    if (!take_symbol("=")) return wrong("'set' has no value");
    KOAN_ASSIGN(auto value, expression_list());
    node.parts.push_back(std::move(value));
    return close();
  }

  Status macro_statement(Node& node) {
    node.kind = Kind::kMacro;
    if (word().kind != Word::Kind::kName) return wrong("'macro' has no name");
    node.text = take().text;
    if (!take_symbol("(")) return wrong("'macro' has no parameters");
    while (!take_symbol(")")) {
      if (!node.names.empty() && !take_symbol(",")) return wrong("',' is missing between parameters");
      if (word().kind != Word::Kind::kName) return wrong("a parameter has no name");
      node.names.push_back(take().text);
      if (take_symbol("=")) {
        KOAN_ASSIGN(auto value, expression());
        node.parts.push_back(std::move(value));
      } else if (!node.parts.empty()) {
        return wrong("a parameter without a value follows one with a value");
      }
    }
    KOAN_TRY(close());
    std::string end;
    const int loops = std::exchange(loops_, 0);
    KOAN_ASSIGN(node.body, block({"endmacro"}, &end));
    loops_ = loops;
    return close();
  }

  int loops_ = 0;
};

}  // namespace

Result<Nodes> parse_template(std::string_view source) {
  KOAN_ASSIGN(std::vector<Word> words, read_words(source));
  StatementParser parser(std::move(words));
  return parser.block({}, nullptr);
}

}  // namespace koan::jinja
