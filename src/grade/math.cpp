#include "grade/math.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "grade/answer.h"
#include "grade/math_answer.h"
#include "grade/thoughts.h"

namespace koan::grade {
namespace {

using Answer = MathAnswer;
using Kind = MathAnswer::Kind;

bool same(const Answer& a, const Answer& b);

bool same_in_order(const std::vector<Answer>& a, const std::vector<Answer>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

// Whether each part of a has one of b for itself. Sameness is not transitive (50%, 50, 1/2), so this is a matching, by
// paths that free a taken part by giving its owner another (Kuhn 1955).
class Matching {
 public:
  Matching(const std::vector<Answer>& a, const std::vector<Answer>& b) : owner_(b.size(), a.size()) {
    for (const Answer& part : a) {
      same_.emplace_back();
      for (const Answer& other : b) same_.back().push_back(same(part, other));
    }
  }

  bool complete() {
    for (std::size_t part = 0; part < same_.size(); ++part) {
      tried_.assign(owner_.size(), false);
      if (!place(part)) return false;
    }
    return true;
  }

 private:
  bool place(std::size_t part) {
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      if (!same_[part][i] || tried_[i]) continue;
      tried_[i] = true;
      if (owner_[i] == same_.size() || place(owner_[i])) {
        owner_[i] = part;
        return true;
      }
    }
    return false;
  }

  std::vector<std::vector<bool>> same_;
  std::vector<std::size_t> owner_;  // of each part of b: the part of a; a.size(): none
  std::vector<bool> tried_;
};

bool same_in_any_order(const std::vector<Answer>& a, const std::vector<Answer>& b) {
  return a.size() == b.size() && Matching(a, b).complete();
}

Value hundredth(const Value& value) { return value * Value::constant({1, 100}); }

// 50% is 50, and 1/2.
bool same_scalar(const Answer& a, const Answer& b) {
  if (a.unit_letter != b.unit_letter) {
    const Answer &bare = a.unit_letter ? b : a, &with = a.unit_letter ? a : b;
    const bool others = !bare.unit.empty() && !with.unit.empty() && bare.unit != with.unit;
    return bare.value->same(*with.value) || (!others && bare.value->same(*with.without_unit));
  }
  if (!a.unit.empty() && !b.unit.empty() && a.unit != b.unit) return false;
  if (a.value->same(*b.value)) return true;
  if (a.percent == b.percent) return false;
  return (a.percent ? hundredth(*a.value) : *a.value).same(b.percent ? hundredth(*b.value) : *b.value);
}

Answer scalar(const Value& value) {
  Answer out;
  out.kind = Kind::kScalar;
  out.value = value;
  return out;
}

// a : b is a / b, but has to be written as two of them.
bool same_ratio(const Answer& a, const Answer& b) {
  const auto quotient = [](const Answer& x) -> std::optional<Value> {
    if (x.kind == Kind::kScalar) return x.value;
    return x.parts.size() == 2 ? x.parts[0].value->over(*x.parts[1].value) : std::nullopt;
  };
  if (a.kind == b.kind && a.parts.size() != 2) return same_in_order(a.parts, b.parts);
  const auto x = quotient(a), y = quotient(b);
  return x && y && x->same(*y);
}

// 1 < x \le 3 as (1, 3]; nothing if it is not one symbol between or beside two values.
std::optional<Answer> interval(const Answer& relation) {
  std::vector<std::string> ops = relation.ops;
  std::vector<Answer> parts = relation.parts;
  const auto points = [&](const char* strict, const char* loose) {
    return std::all_of(ops.begin(), ops.end(), [&](const std::string& op) { return op == strict || op == loose; });
  };
  if (points(">", "ge")) {
    std::reverse(ops.begin(), ops.end());
    std::reverse(parts.begin(), parts.end());
    for (std::string& op : ops) op = op == ">" ? "<" : "le";
  } else if (!points("<", "le")) {
    return std::nullopt;
  }
  const auto is_symbol = [](const Answer& part) { return !part.name.empty(); };
  const Value infinity = Value::symbol("\\infty");
  if (parts.size() == 2 && is_symbol(parts[1]) && !is_symbol(parts[0])) {
    parts.push_back(scalar(infinity));
    ops.push_back("<");
  } else if (parts.size() == 2 && is_symbol(parts[0]) && !is_symbol(parts[1])) {
    parts.insert(parts.begin(), scalar(infinity.negated()));
    ops.insert(ops.begin(), "<");
  }
  if (parts.size() != 3 || !is_symbol(parts[1])) return std::nullopt;
  Answer out;
  out.kind = Kind::kTuple;
  out.open = ops[0] == "<" ? '(' : '[';
  out.close = ops[1] == "<" ? ')' : ']';
  out.parts = {parts[0], parts[2]};
  return out;
}

// Both sides of an equation that is no chain.
std::optional<Value> difference(const Answer& relation) {
  if (relation.ops != std::vector<std::string>{"="}) return std::nullopt;
  const auto& parts = relation.parts;
  if (parts[0].kind != Kind::kScalar || parts[1].kind != Kind::kScalar) return std::nullopt;
  return *parts[0].value - *parts[1].value;
}

// What an equation says its symbol to be: of x = 3, x = 6/2 = 3 and 2 + 1 = 3; nothing if sides that are no symbol
// differ.
const Answer* assigned(const Answer& relation) {
  const bool equal =
      std::all_of(relation.ops.begin(), relation.ops.end(), [](const std::string& op) { return op == "="; });
  if (!equal) return nullptr;
  for (std::size_t i = relation.name.empty() ? 0 : 1; i + 1 < relation.parts.size(); ++i)
    if (!same(relation.parts[i], relation.parts.back())) return nullptr;
  return &relation.parts.back();
}

bool same_relation(const Answer& a, const Answer& b) {
  const auto x = difference(a), y = difference(b);
  if (x && y && x->proportional(*y)) return true;
  const auto p = interval(a), q = interval(b);
  if (p && q) return same(*p, *q);
  return a.ops == b.ops && same_in_order(a.parts, b.parts);
}

bool is_vector(const Answer& a) {
  if (a.kind == Kind::kTuple) return a.open == '(' && a.close == ')';
  return a.kind == Kind::kMatrix && (a.columns == 1 || a.columns == a.parts.size());
}

// Of different kinds.
bool same_mixed(const Answer& a, const Answer& b) {
  if (a.kind == Kind::kRelation) {
    if (const Answer* value = assigned(a)) return same(*value, b);
    const auto range = interval(a);
    return range && b.kind != Kind::kRelation && same(*range, b);
  }
  if (b.kind == Kind::kRelation) return same_mixed(b, a);
  if (a.kind == Kind::kBag && a.parts.size() == 1) return same(a.parts[0], b);
  if (b.kind == Kind::kBag && b.parts.size() == 1) return same(a, b.parts[0]);
  const auto pair = [&](Kind x, Kind y) { return (a.kind == x && b.kind == y) || (a.kind == y && b.kind == x); };
  if (pair(Kind::kRatio, Kind::kScalar)) return same_ratio(a, b);
  if (pair(Kind::kTuple, Kind::kMatrix)) return is_vector(a) && is_vector(b) && same_in_order(a.parts, b.parts);
  if (pair(Kind::kBased, Kind::kScalar)) return !a.text.empty() && a.text == b.text;  // the question says which base
  return false;
}

bool same(const Answer& a, const Answer& b) {
  if (a.kind != b.kind) return same_mixed(a, b);
  switch (a.kind) {
    case Kind::kScalar:
      return same_scalar(a, b);
    case Kind::kTuple:
      return a.open == b.open && a.close == b.close && same_in_order(a.parts, b.parts);
    case Kind::kBag:
    case Kind::kUnion:
      return same_in_any_order(a.parts, b.parts);
    case Kind::kMatrix:
      return a.columns == b.columns && same_in_order(a.parts, b.parts);
    case Kind::kRelation:
      return same_relation(a, b);
    case Kind::kRatio:
      return same_ratio(a, b);
    case Kind::kBased:
      return a.base == b.base && a.text == b.text;
    case Kind::kWords:
      return !a.text.empty() && a.text == b.text;
  }
  return false;
}

// Words beside something that reads as an expression: "\text{VW}" and "VW".
bool same_words(const Answer& a, const Answer& b, std::string_view text_a, std::string_view text_b) {
  if (a.kind == b.kind || (a.kind != Kind::kWords && b.kind != Kind::kWords)) return false;
  const std::string x = a.kind == Kind::kWords ? a.text : plain_words(text_a);
  return !x.empty() && x == (b.kind == Kind::kWords ? b.text : plain_words(text_b));
}

// 70,110 may be a number, or two of them; 10,000 is no list.
bool may_be_list(std::string_view text) {
  bool any = false;
  for (std::size_t i = text.find(','); i != std::string_view::npos; i = text.find(',', i + 1)) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    if (next == '0') return false;
    any |= next >= '1' && next <= '9';
  }
  return any;
}

// "It is $\frac{3}{4}$ of all." -> \frac{3}{4}; "$3$ and $5$" and "$3 + $5" stay.
std::string_view only_formula(std::string_view statement) {
  const std::size_t open = statement.find('$');
  const std::size_t close = open == std::string_view::npos ? open : statement.find('$', open + 1);
  if (close == std::string_view::npos || statement.find('$', close + 1) != std::string_view::npos) return statement;
  if (close == open + 1 || (open > 0 && statement[open - 1] == '\\') || statement[close - 1] == '\\') return statement;
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const bool sentence =
      std::any_of(statement.begin(), statement.begin() + static_cast<std::ptrdiff_t>(open), is_letter);
  return sentence ? statement.substr(open + 1, close - open - 1) : statement;
}

}  // namespace

std::string math_of_reply(std::string_view reply) {
  const std::string stated = answer_of_reply(without_thoughts(reply));
  return std::string(only_formula(stated));
}

bool same_math(std::string_view a, std::string_view b) {
  const Answer x = read_math(a, true), y = read_math(b, true);
  if (same(x, y) || same_words(x, y, a, b)) return true;
  return (may_be_list(a) || may_be_list(b)) && same(read_math(a, false), read_math(b, false));
}

}  // namespace koan::grade
