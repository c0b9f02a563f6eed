// Expressions of Jinja, by precedence: x if c else y; or; and; not; comparisons; + -; ~; * / // %; signs; **; then
// attributes, items, calls, filters and tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/jinja_lexer.h"
#include "chat/jinja_parser.h"

namespace koan::jinja {

class ExpressionParser {
 public:
  using NodePtr = std::unique_ptr<Node>;
  explicit ExpressionParser(std::vector<Word> words) : words_(std::move(words)) {}

 protected:
  // Counts how deep we are while it lives.
  class Nested {
   public:
    explicit Nested(int& depth) : depth_(&depth) { ++*depth_; }
    Nested(Nested&& other) noexcept : depth_(std::exchange(other.depth_, nullptr)) {}
    ~Nested() {
      if (depth_ != nullptr) --*depth_;
    }

   private:
    int* depth_;
  };
  Result<Nested> enter();

  const Word& word() const { return words_[at_]; }  // the last one is kEnd
  const Word& take() { return words_[at_ + 1 < words_.size() ? at_++ : at_]; }
  bool is_symbol(std::string_view text) const { return word().kind == Word::Kind::kSymbol && word().text == text; }
  bool is_name(std::string_view text) const { return word().kind == Word::Kind::kName && word().text == text; }
  bool take_symbol(std::string_view text);
  bool take_name(std::string_view text);
  Status expect(Word::Kind kind, const char* what);
  std::string place() const { return "chat template, line " + std::to_string(word().line) + ": "; }
  Error wrong(const std::string& what) const { return Error{ErrorCode::kCorrupt, place() + what}; }
  NodePtr make(Node::Kind kind) const;

  Result<NodePtr> expression();
  Result<NodePtr> expression_without_choice();  // in front of the "if" of a loop
  Result<NodePtr> expression_list();            // a, b, c is a list

 private:
  NodePtr binary(std::string name, NodePtr left, NodePtr right) const;
  Result<NodePtr> conjunction();
  Result<NodePtr> negation();
  Result<NodePtr> comparison();
  Result<NodePtr> sum();
  Result<NodePtr> joined();
  Result<NodePtr> product();
  Result<NodePtr> signed_value(bool with_filters);
  Result<NodePtr> power();
  Result<NodePtr> primary();
  Result<NodePtr> list_or_mapping();
  Result<NodePtr> postfix(NodePtr node);
  Result<NodePtr> subscript(NodePtr node);
  Result<NodePtr> filters(NodePtr node);
  Result<NodePtr> test(NodePtr node);
  Status arguments(Node& call);

  std::vector<Word> words_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace koan::jinja
