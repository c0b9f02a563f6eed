#include "grade/math_expression.h"

#include <algorithm>
#include <array>
#include <utility>

namespace koan::grade {
namespace {

using Kind = MathToken::Kind;
using Maybe = std::optional<Value>;

constexpr int kMostDepth = 150;  // of calls; three of them for a bracket

bool is_trigonometric(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"sin", "cos", "tan", "cot", "sec", "csc"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_function(std::string_view name) {
  constexpr std::array<std::string_view, 9> kOthers = {"arcsin", "arccos", "arctan", "sinh", "cosh",
                                                       "tanh",   "ln",     "log",    "exp"};
  return is_trigonometric(name) || std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

bool is_greek(std::string_view name) {
  constexpr std::array<std::string_view, 16> kNames = {"alpha",  "beta",  "gamma", "delta", "epsilon", "theta",
                                                       "lambda", "mu",    "rho",   "sigma", "tau",     "phi",
                                                       "omega",  "infty", "Delta", "ell"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

class Parser {
 public:
  explicit Parser(std::span<const MathToken> tokens) : tokens_(tokens) {}

  Maybe all() {
    Maybe out = sum();
    return at_ == tokens_.size() ? out : std::nullopt;
  }

 private:
  // Counts how deep the parser is in itself.
  class Level {
   public:
    explicit Level(int& depth) : depth_(++depth) {}
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool too_deep() const { return depth_ > kMostDepth; }

   private:
    int& depth_;
  };

  const MathToken* next() const { return at_ < tokens_.size() ? &tokens_[at_] : nullptr; }
  bool sees(char sign) const { return next() != nullptr && next()->is(sign); }
  bool sees_command(std::string_view name) const { return next() != nullptr && next()->is_command(name); }
  bool take(char sign) {
    if (!sees(sign)) return false;
    ++at_;
    return true;
  }
  bool sees_number() const { return next() != nullptr && next()->kind == Kind::kNumber; }

  Maybe sum() {
    const Level level(depth_);
    if (level.too_deep()) return std::nullopt;
    bool minus = false;
    while (sees('-') || sees('+')) minus ^= tokens_[at_++].is('-');
    Maybe out = product();
    if (out && minus) out = out->negated();
    while (out && (sees('+') || sees('-'))) {
      bool negative = false;
      while (sees('-') || sees('+')) negative ^= tokens_[at_++].is('-');
      const Maybe term = product();
      if (!term) return std::nullopt;
      out = negative ? *out - *term : *out + *term;
    }
    return out;
  }

  // What may follow a factor without a sign between them.
  bool starts_factor() const {
    if (next() == nullptr) return false;
    switch (next()->kind) {
      case Kind::kLetter:
      case Kind::kWord:
        return true;
      case Kind::kCommand:
        return next()->text != "}" && next()->text != "{" && next()->text != "rfloor" && next()->text != "rceil";
      case Kind::kSign:
        return next()->is('(') || next()->is('[') || next()->is('{') || (next()->is('|') && bars_ == 0);
      default:
        return false;
    }
  }

  Maybe signed_factor() {
    bool minus = false;
    while (sees('-') || sees('+')) minus ^= tokens_[at_++].is('-');
    Maybe out = factor();
    return out && minus ? out->negated() : out;
  }

  Maybe product() {
    Maybe out = mixed();
    if (!out) out = factor();
    while (out) {
      if (take('*')) {
        const Maybe other = signed_factor();
        if (!other) return std::nullopt;
        out = *out * *other;
      } else if (take('/')) {
        const Maybe other = signed_factor();
        if (!other) return std::nullopt;
        out = out->over(*other);
      } else if (starts_factor()) {
        const Maybe other = factor();
        if (!other) return std::nullopt;
        out = *out * *other;
      } else {
        break;
      }
    }
    return out;
  }

  // 1\frac{2}{3} and 1 2/3: a whole number and a fraction of whole numbers. Leaves the place where it was if it is
  // none.
  Maybe mixed() {
    const std::size_t before = at_;
    const auto whole = [&](std::size_t i) -> std::optional<std::int64_t> {
      if (i >= tokens_.size() || tokens_[i].kind != Kind::kNumber) return std::nullopt;
      const auto value = rational(tokens_[i].text);
      return value && value->denominator == 1 ? std::optional(value->numerator) : std::nullopt;
    };
    const auto first = whole(at_);
    if (!first) return std::nullopt;
    std::optional<std::int64_t> above, below;
    std::size_t end = 0;
    if (at_ + 1 < tokens_.size() && tokens_[at_ + 1].is_command("frac")) {
      std::size_t i = at_ + 2;
      const auto argument = [&] {
        const bool braced = i < tokens_.size() && tokens_[i].is('{');
        const auto value = whole(i + (braced ? 1 : 0));
        i += braced ? 3 : 1;
        return !braced || (i <= tokens_.size() && tokens_[i - 1].is('}')) ? value : std::nullopt;
      };
      above = argument();
      below = argument();
      end = i;
    } else if (at_ + 3 < tokens_.size() && tokens_[at_ + 1].spaced && tokens_[at_ + 2].is('/')) {
      above = whole(at_ + 1);
      below = whole(at_ + 3);
      end = at_ + 4;
    }
    if (!above || !below || end > tokens_.size()) {
      at_ = before;
      return std::nullopt;
    }
    at_ = end;
    const Maybe part = Value::number(*above).over(Value::number(*below));
    return part ? Maybe(Value::number(*first) + *part) : std::nullopt;
  }

  Maybe factor() {
    const Level level(depth_);
    if (level.too_deep()) return std::nullopt;
    Maybe out = base();
    while (out) {
      if (take('!')) {
        out = out->factorial();
      } else if (take('\'')) {
        return std::nullopt;
      } else if (take('^')) {
        if (take_degrees()) {
          out = angle(*out);
          continue;
        }
        const Maybe exponent = argument();
        out = exponent ? out->power(*exponent) : std::nullopt;
      } else if (sees_command("circ")) {
        ++at_;
        out = angle(*out);
      } else {
        break;
      }
    }
    return out;
  }

  bool take_degrees() {
    if (sees_command("circ")) return ++at_ != 0;
    const bool braced = at_ + 2 < tokens_.size() && tokens_[at_].is('{') && tokens_[at_ + 1].is_command("circ") &&
                        tokens_[at_ + 2].is('}');
    if (braced) at_ += 3;
    return braced;
  }

  // Degrees are a unit, which says nothing, but within sin and its like.
  Maybe angle(const Value& value) const {
    if (trigonometric_ == 0) return value;
    return (value * Value::pi()).over(Value::number(180));
  }

  // Of ^, \sqrt and the like: a group in braces, or one factor without its powers.
  Maybe argument() {
    bool minus = false;
    while (sees('-') || sees('+')) minus ^= tokens_[at_++].is('-');
    Maybe out = base();
    return out && minus ? out->negated() : out;
  }

  Maybe closed(char close) {
    const int bars = std::exchange(bars_, 0);
    Maybe out = sum();
    bars_ = bars;
    return take(close) ? out : std::nullopt;
  }

  Maybe base() {
    const Level level(depth_);
    if (level.too_deep() || next() == nullptr) return std::nullopt;
    const MathToken& token = tokens_[at_++];
    switch (token.kind) {
      case Kind::kNumber:
        return number(token);
      case Kind::kLetter:
        return letter(token.text);
      case Kind::kWord:
        return word(token.text);
      case Kind::kCommand:
        return command(token.text);
      case Kind::kSign:
        if (token.is('(')) return closed(')');
        if (token.is('[')) return closed(']');
        if (token.is('{')) return closed('}');
        return token.is('|') ? bars() : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  Maybe bars() {
    ++bars_;
    const Maybe inside = sum();
    --bars_;
    return inside && take('|') ? inside->function("abs") : std::nullopt;
  }

  // 0.1\overline{6}: the digits under the bar go on without end.
  Maybe number(const MathToken& token) {
    if (token.text.find('.') == std::string::npos || !sees_command("overline")) return Value::decimal(token.text);
    if (at_ + 3 >= tokens_.size() || !tokens_[at_ + 1].is('{') || tokens_[at_ + 2].kind != Kind::kNumber ||
        !tokens_[at_ + 3].is('}'))
      return std::nullopt;
    const std::string& digits = tokens_[at_ + 2].text;
    at_ += 4;
    if (digits.size() > 15 || digits.find('.') != std::string::npos) return std::nullopt;
    const std::string_view start =
        token.text.back() == '.' ? std::string_view(token.text).substr(0, token.text.size() - 1) : token.text;
    const Maybe before = Value::decimal(start), repeated = Value::decimal(digits);
    const std::size_t places = token.text.size() - 1 - token.text.find('.');
    const Maybe ten = Value::number(10);
    const Maybe shift = ten->power(Value::number(static_cast<std::int64_t>(places)));
    const Maybe nines = ten->power(Value::number(static_cast<std::int64_t>(digits.size())));
    if (!before || !repeated || !shift || !nines) return std::nullopt;
    const Maybe tail = repeated->over((*nines - Value::number(1)) * *shift);
    return tail ? Maybe(*before + *tail) : std::nullopt;
  }

  // x, x_1, a_{n+1}: a symbol and its subscript are one name.
  Maybe letter(const std::string& name) {
    std::string full = name;
    if (take('_') && !subscript(full)) return std::nullopt;
    if (full == "i") return Value::imaginary_unit();
    if (full == "e") return Value::euler();
    return Value::symbol(full);
  }

  bool subscript(std::string& name) {
    name += "_";
    if (next() == nullptr) return false;
    if (!take('{')) {
      name += tokens_[at_++].text;
      return true;
    }
    while (next() != nullptr && !sees('}')) name += tokens_[at_++].text;
    return take('}');
  }

  // Letters side by side; a power belongs to the last one, so that one is left to factor().
  Maybe word(const std::string& letters) {
    Maybe out = Value::number(1);
    for (std::size_t i = 0; i + 1 < letters.size() && out; ++i) {
      const std::string one(1, letters[i]);
      out = *out * (one == "i" ? Value::imaginary_unit() : one == "e" ? Value::euler() : Value::symbol(one));
    }
    const Maybe last = letter(std::string(1, letters.back()));
    if (!last) return std::nullopt;
    if (!take('^')) return *out * *last;
    const Maybe exponent = argument();
    const Maybe power = exponent ? last->power(*exponent) : std::nullopt;
    return power ? Maybe(*out * *power) : std::nullopt;
  }

  Maybe command(const std::string& name) {
    if (name == "frac" || name == "binom") {
      const Maybe above = argument(), below = above ? argument() : std::nullopt;
      if (!below) return std::nullopt;
      return name == "frac" ? above->over(*below) : above->choose(*below);
    }
    if (name == "sqrt") return root();
    if (name == "pi") return Value::pi();
    if (is_greek(name)) return letter("\\" + name);
    if (is_function(name)) return function(name);
    if (name == "lfloor" || name == "lceil") {
      const Maybe inside = sum();
      const bool floor = name == "lfloor";
      if (!inside || !sees_command(floor ? "rfloor" : "rceil")) return std::nullopt;
      ++at_;
      return inside->function(floor ? "floor" : "ceil");
    }
    if (name == "overline" || name == "vec" || name == "hat" || name == "angle") {
      std::string full = "\\" + name;
      if (!subscript(full)) return std::nullopt;
      return Value::symbol(full);
    }
    return std::nullopt;
  }

  Maybe root() {
    unsigned degree = 2;
    if (sees('[')) {
      ++at_;
      const Maybe written = closed(']');
      const auto n = written ? written->constant() : std::nullopt;
      if (!n || n->denominator != 1 || n->numerator < 2 || n->numerator > 64) return std::nullopt;
      degree = static_cast<unsigned>(n->numerator);
    }
    const Maybe inside = argument();
    return inside ? inside->root(degree) : std::nullopt;
  }

  // \sin x, \sin(x), \sin^2 3x, \log_2 8.
  Maybe function(const std::string& name) {
    Maybe power, basis;
    while (sees('^') || sees('_')) {
      Maybe& which = tokens_[at_].is('^') ? power : basis;
      ++at_;
      which = argument();
      if (!which) return std::nullopt;
    }
    if (basis && name != "log") return std::nullopt;
    trigonometric_ += is_trigonometric(name) ? 1 : 0;
    const Maybe inside = function_argument();
    trigonometric_ -= is_trigonometric(name) ? 1 : 0;
    if (!inside) return std::nullopt;
    const bool inverse = power && power->constant() == Rational{-1, 1} && is_trigonometric(name);
    if (inverse) return inside->function("arc" + name);
    Maybe out = inside->function(name == "log" ? "ln" : name);
    if (out && name == "log") {
      const Maybe base = (basis ? *basis : Value::number(10)).function("ln");
      out = base ? out->over(*base) : std::nullopt;
    }
    return out && power ? out->power(*power) : out;
  }

  // A group in brackets, or the factors up to a sign or another function.
  Maybe function_argument() {
    if (sees('(') || sees('{') || sees('[')) return factor();
    bool minus = false;
    while (sees('-')) minus ^= tokens_[at_++].is('-');
    Maybe out = factor();
    while (out && starts_factor() && !(next()->kind == Kind::kCommand && is_function(next()->text))) {
      const Maybe other = factor();
      if (!other) return std::nullopt;
      out = *out * *other;
    }
    return out && minus ? out->negated() : out;
  }

  std::span<const MathToken> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0, bars_ = 0, trigonometric_ = 0;
};

}  // namespace

std::optional<Value> evaluate(std::span<const MathToken> tokens) { return Parser(tokens).all(); }

}  // namespace koan::grade
