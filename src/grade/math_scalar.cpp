#include "grade/math_scalar.h"

#include <algorithm>

#include "grade/math_expression.h"
#include "grade/units.h"

namespace koan::grade {
namespace {

using Kind = MathToken::Kind;
using Tokens = std::span<const MathToken>;
using Answer = MathAnswer;

// "5 m" and "5 m^2" may be five metres.
void take_unit_letter(Tokens bare, Answer& out) {
  if (bare.size() > 3 && bare.back().kind == Kind::kNumber && bare[bare.size() - 2].is('^'))
    bare = bare.first(bare.size() - 2);
  if (bare.size() < 2 || bare.back().kind != Kind::kLetter || !bare.back().spaced || !is_unit_letter(bare.back().text))
    return;
  const Tokens before = bare.first(bare.size() - 1);
  const bool symbols = std::any_of(before.begin(), before.end(),
                                   [](const MathToken& t) { return t.kind == Kind::kLetter || t.kind == Kind::kWord; });
  if (symbols) return;
  out.without_unit = evaluate(before);
  out.unit_letter = out.without_unit.has_value();
  if (out.unit_letter) out.unit = one_unit(bare.back().text);
}

// A word rather than a product: all there is, and more than three letters.
bool is_a_word(Tokens tokens) {
  return std::any_of(tokens.begin(), tokens.end(),
                     [](const MathToken& t) { return t.kind == Kind::kWord && t.text.size() > 3; });
}

// What stands behind a value and is no part of it: %, \text{cm}^2, "square inches", "(apples)".
Tokens take_unit(Tokens tokens, Answer& out) {
  const auto drop = [&](std::size_t n) { tokens = tokens.first(tokens.size() - n); };
  const auto is_word = [&](std::size_t i) {
    const MathToken& t = tokens[i];
    if (t.kind == Kind::kText) return true;
    if (t.kind != Kind::kWord || i == 0) return false;
    return is_unit(t.text) || (t.spaced && t.text.size() > 2);
  };
  std::string unit;
  for (bool more = true; more && tokens.size() > 1;) {
    const std::size_t last = tokens.size() - 1;
    more = true;
    if (tokens[last].is('%')) {
      out.percent = true;
      drop(1);
    } else if (is_word(last)) {
      unit = tokens[last].text + (unit.empty() ? "" : " ") + unit;
      drop(1);
    } else if (last >= 2 && tokens[last].kind == Kind::kNumber && tokens[last - 1].is('^') && is_word(last - 2)) {
      drop(2);
    } else if (last >= 4 && tokens[last].is('}') && tokens[last - 2].is('{') && tokens[last - 3].is('^') &&
               is_word(last - 4)) {
      drop(4);
    } else if (last >= 3 && tokens[last].is(')') && tokens[last - 2].is('(') && (is_word(last - 1))) {
      drop(3);
    } else if (tokens[last].is('.') || tokens[last].is('/')) {
      drop(1);
    } else {
      more = false;
    }
  }
  if (unit == "percent") out.percent = true;
  out.unit = one_unit(unit);
  return tokens;
}

// The digits, if that is all there is.
std::string whole_number(Tokens tokens) {
  const bool minus = tokens.size() == 2 && tokens[0].is('-');
  const MathToken& last = tokens.back();
  if (tokens.size() != (minus ? 2u : 1u) || last.kind != Kind::kNumber || last.text.find('.') != std::string::npos)
    return "";
  return (minus ? "-" : "") + last.text;
}

}  // namespace

std::optional<MathAnswer> read_scalar(std::span<const MathToken> tokens) {
  Answer out;
  out.kind = Answer::Kind::kScalar;
  const Tokens bare = take_unit(tokens, out);
  if (bare.empty()) return std::nullopt;
  const bool worded = std::any_of(bare.begin(), bare.end(), [](const MathToken& t) { return t.kind == Kind::kText; });
  if (worded || is_a_word(bare)) return std::nullopt;
  out.value = evaluate(bare);
  if (!out.value) return std::nullopt;
  out.text = bare.size() == tokens.size() ? whole_number(bare) : "";
  take_unit_letter(bare, out);
  return out;
}

}  // namespace koan::grade
