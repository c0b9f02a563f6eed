// The value of an expression of a Jinja template, given its variables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chat/jinja_functions.h"
#include "chat/jinja_parser.h"
#include "chat/jinja_run.h"

namespace koan::jinja {

using Scope = std::map<std::string, Value>;

class Evaluator {
 public:
  Evaluator(const Json& variables, Date today);
  virtual ~Evaluator() = default;

 protected:
  static constexpr std::ptrdiff_t kGlobalScopes = 2;  // what is given, and what the template itself sets outside loops

  Result<Value> evaluate(const Node& node);
  Value lookup(const std::string& name) const;
  Status count_step(std::size_t steps);
  // Puts the line in front, once.
  static Error located(Error error, const Node& node);
  virtual Result<Value> call_macro(const Node& macro, Call call) = 0;

  std::vector<Scope> scopes_;

 private:
  Result<Value> compute(const Node& node);
  Result<Value> unary(const Node& node);
  Result<Value> binary(const Node& node);
  Result<Value> arithmetic(const std::string& name, const Value& a, const Value& b);
  Result<Value> slice(const Node& node);
  Result<Value> call(const Node& node);
  Result<Value> call_function(const std::string& name, const Call& call);
  Result<Call> arguments(const Node& node, std::size_t first);

  Date today_;
  std::size_t steps_ = 0;
};

}  // namespace koan::jinja
