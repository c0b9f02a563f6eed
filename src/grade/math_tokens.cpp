#include "grade/math_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "grade/notation.h"
#include "text/replace.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

using Kind = MathToken::Kind;

constexpr std::size_t kMostBytes = 4096;
constexpr int kMostDepth = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Unicode, in LaTeX.
std::string in_latex(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 33> kSigns = {{
      {"\xE2\x88\x92", "-"},
      {"\xE2\x80\x93", "-"},
      {"\xC3\x97", "\\times "},
      {"\xC2\xB7", "\\cdot "},
      {"\xE2\x8B\x85", "\\cdot "},
      {"\xC3\xB7", "/"},
      {"\xE2\x88\x9A", "\\sqrt "},
      {"\xCF\x80", "\\pi "},
      {"\xC2\xB0", "^\\circ "},
      {"\xE2\x88\x9E", "\\infty "},
      {"\xE2\x88\xAA", "\\cup "},
      {"\xE2\x89\xA4", "\\le "},
      {"\xE2\x89\xA5", "\\ge "},
      {"\xE2\x89\xA0", "\\ne "},
      {"\xE2\x88\x88", "\\in "},
      {"\xC2\xB1", "\\pm "},
      {"\xC2\xB2", "^2"},
      {"\xC2\xB3", "^3"},
      {"\xC2\xBD", "\\frac12 "},
      {"\xC2\xBC", "\\frac14 "},
      {"\xC2\xBE", "\\frac34 "},
      {"\xCE\xB8", "\\theta "},
      {"\xCE\xB1", "\\alpha "},
      {"\xCE\xB2", "\\beta "},
      {"\xC2\xA0", " "},
      {"\xE2\x80\xAF", " "},
      {"\xE2\x80\x89", " "},
      {"\xE2\x82\xAC", ""},
      {"\xC2\xA3", ""},
      {"\xE2\x81\xB4", "^4"},
      {"\xE2\x9F\xA8", "\\langle "},
      {"\xE2\x9F\xA9", "\\rangle "},
      {"\xE2\x89\x88", "\\approx "},
  }};
  std::string out(text);
  for (const auto& [from, to] : kSigns)
    if (out.find(from) != std::string::npos) out = replaced(out, from, to);
  return out;
}

// Commands with one meaning.
std::string_view one_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kNames = {{
      {"dfrac", "frac"}, {"tfrac", "frac"},  {"cfrac", "frac"},     {"leq", "le"},       {"leqslant", "le"},
      {"geq", "ge"},     {"geqslant", "ge"}, {"neq", "ne"},         {"lt", "<"},         {"gt", ">"},
      {"lbrace", "{"},   {"rbrace", "}"},    {"cdot", "*"},         {"times", "*"},      {"ast", "*"},
      {"div", "/"},      {"vert", "|"},      {"lvert", "|"},        {"rvert", "|"},      {"colon", ":"},
      {"lbrack", "["},   {"rbrack", "]"},    {"degree", "circ"},    {"dbinom", "binom"}, {"tbinom", "binom"},
      {"lg", "log"},     {"varphi", "phi"},  {"infinity", "infty"}, {"bar", "overline"}, {"implies", "?"},
  }};
  for (const auto& [from, to] : kNames)
    if (name == from) return to;
  return name;
}

bool contains(std::initializer_list<std::string_view> all, std::string_view name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

bool is_nothing(std::string_view command) {
  return contains({"left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "displaystyle",
                   "textstyle", "limits", "quad", "qquad", "boxed", "fbox", "middle"},
                  command);
}
bool is_text(std::string_view command) {
  return contains({"text", "mbox", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "operatorname", "hbox",
                   "textnormal", "mathsf"},
                  command);
}
bool is_function(std::string_view word) {
  return contains({"sin",  "cos", "tan", "cot", "sec",  "csc", "arcsin", "arccos",   "arctan", "sinh", "cosh",
                   "tanh", "ln",  "log", "exp", "sqrt", "pi",  "infty",  "infinity", "pm",     "cup"},
                  word);
}

// Two letters or more side by side, other than "and" and "or".
bool has_word(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && is_letter(text[i])) ++i;
    const std::string_view word = text.substr(begin, i - begin);
    if (word.size() > 1 && word != "and" && word != "or") return true;
    if (i == begin) ++i;
  }
  return false;
}

class Lexer {
 public:
  Lexer(std::string_view text, bool join) : text_(text), join_(join) {}

  bool run() { return lex(0, text_.size(), 0); }
  std::vector<MathToken> take() { return std::move(out_); }

 private:
  void push(Kind kind, std::string_view text) {
    out_.push_back({kind, std::string(text), spaced_});
    spaced_ = false;
  }
  char at(std::size_t i, std::size_t end) const { return i < end ? text_[i] : '\0'; }

  bool lex(std::size_t i, std::size_t end, int depth) {
    if (depth > kMostDepth) return false;
    while (i < end) {
      const char c = text_[i];
      if (is_space(c) || c == '~' || c == '$' || c == '`') {
        spaced_ |= c != '$' && c != '`';
        ++i;
      } else if (c == '\\') {
        if (!command(i, end, depth)) return false;
      } else if (is_digit(c) || (c == '.' && is_digit(at(i + 1, end)))) {
        number(i, end);
      } else if (is_letter(c)) {
        word(i, end);
      } else if (static_cast<signed char>(c) < 0) {
        return false;
      } else {
        sign(c);
        ++i;
      }
    }
    return true;
  }

  void sign(char c) {
    if (c == '(' || c == '[') ++brackets_;
    if ((c == ')' || c == ']') && brackets_ > 0) --brackets_;
    push(Kind::kSign, std::string_view(&c, 1));
  }

  // Behind digits: a separator and three digits and no fourth; 0 if there is none.
  std::size_t group(std::size_t i, std::size_t end) const {
    std::size_t next = 0;
    if (text_.substr(i).starts_with("{,}")) next = i + 3;
    if (at(i, end) == ',') {
      std::size_t j = i + 1;
      while (at(j, end) == ' ') ++j;
      if (text_.substr(j).starts_with("\\!")) {
        for (j += 2; at(j, end) == ' ';) ++j;
        next = j;
      } else if (join_ && brackets_ == 0) {
        next = i + 1;
      }
    }
    if (next == 0 || next + 3 > end || is_digit(at(next + 3, end))) return 0;
    for (std::size_t j = next; j < next + 3; ++j)
      if (!is_digit(text_[j])) return 0;
    return next;
  }

  void number(std::size_t& i, std::size_t end) {
    std::string digits;
    while (is_digit(at(i, end))) digits += text_[i++];
    if (!digits.empty() && digits.size() <= 3)
      for (std::size_t next; (next = group(i, end)) != 0; i = next + 3) digits.append(text_.substr(next, 3));
    const bool repeats = text_.substr(std::min(i + 1, end)).starts_with("\\overline");
    if (at(i, end) == '.' && (is_digit(at(i + 1, end)) || repeats)) {
      digits += text_[i++];
      while (is_digit(at(i, end))) digits += text_[i++];
    }
    push(Kind::kNumber, digits);
  }

  void word(std::size_t& i, std::size_t end) {
    const std::size_t begin = i;
    while (is_letter(at(i, end))) ++i;
    const std::string_view word = text_.substr(begin, i - begin);
    if (is_function(word)) return push(Kind::kCommand, one_name(word));
    if (word == "and" || word == "or") return push(Kind::kText, word);
    push(word.size() == 1 ? Kind::kLetter : Kind::kWord, word);
  }

  bool command(std::size_t& i, std::size_t end, int depth) {
    const char next = at(i + 1, end);
    if (!is_letter(next)) {
      i += next == '\0' ? 1 : 2;
      if (next == '{' || next == '}') {
        brackets_ += next == '{' ? 1 : brackets_ > 0 ? -1 : 0;
        push(Kind::kCommand, std::string_view(&next, 1));
      } else if (next == '\\') {
        if (at(i, end) == '[') i = std::min(text_.find(']', i), end - 1) + 1;
        push(Kind::kRow, "");
      } else if (next == '%' || next == '|') {
        push(Kind::kSign, std::string_view(&next, 1));
      } else if (next != '!' && next != '$') {
        spaced_ = true;  // \, \; and the brackets of formulas
      }
      return true;
    }
    const std::size_t begin = ++i;
    while (is_letter(at(i, end))) ++i;
    const std::string_view name = text_.substr(begin, i - begin);
    if (is_nothing(name)) {
      if ((name == "left" || name == "right") && at(i, end) == '.') ++i;
      if (name == "quad" || name == "qquad") spaced_ = true;
      return true;
    }
    if (name == "begin" || name == "end") return environment(name, i, end);
    if (is_text(name)) return text(i, end, depth);
    const std::string_view one = one_name(name);
    if (one.size() == 1 && one != "{" && one != "}") {
      sign(one[0]);
      return true;
    }
    if (one == "{" || one == "}") brackets_ += one == "{" ? 1 : brackets_ > 0 ? -1 : 0;
    push(Kind::kCommand, one);
    return one != "frac" && one != "binom" ? true : argument(i, end, depth) && argument(i, end, depth);
  }

  // One of two arguments: of \frac12 each is one digit.
  bool argument(std::size_t& i, std::size_t end, int depth) {
    while (is_space(at(i, end))) ++i;
    if (is_digit(at(i, end))) {
      push(Kind::kNumber, text_.substr(i++, 1));
      return true;
    }
    if (at(i, end) != '{') return true;  // a command or a letter; the parser takes one
    const auto close = closing_brace(text_.substr(0, end), i);
    if (!close) return false;
    const int brackets = std::exchange(brackets_, 0);
    push(Kind::kSign, "{");
    const bool read = lex(i + 1, *close, depth + 1);
    push(Kind::kSign, "}");
    brackets_ = brackets;
    i = *close + 1;
    return read;
  }

  std::optional<std::string_view> braced(std::size_t& i, std::size_t end) {
    while (is_space(at(i, end))) ++i;
    if (at(i, end) != '{') return std::nullopt;
    const auto close = closing_brace(text_.substr(0, end), i);
    if (!close) return std::nullopt;
    const std::string_view inside = text_.substr(i + 1, *close - i - 1);
    i = *close + 1;
    return inside;
  }

  bool environment(std::string_view command, std::size_t& i, std::size_t end) {
    const auto name = braced(i, end);
    if (!name) return false;
    push(command == "begin" ? Kind::kBegin : Kind::kEnd, *name);
    return *name != "array" || command == "end" || braced(i, end).has_value();
  }

  // Words stay together; "(A)", "13" or "A,D" mean what they mean outside of \text{}.
  bool text(std::size_t& i, std::size_t end, int depth) {
    const auto inside = braced(i, end);
    if (!inside) return false;
    const std::string_view words = strip(*inside);
    if (words.empty()) return spaced_ = true;
    if (is_function(words)) return push(Kind::kCommand, one_name(words)), true;
    if (has_word(words)) return push(Kind::kText, words), true;
    const auto begin = static_cast<std::size_t>(words.data() - text_.data());
    spaced_ |= is_space(inside->front());
    return lex(begin, begin + words.size(), depth + 1);
  }

  std::string_view text_;
  bool join_;
  bool spaced_ = false;
  int brackets_ = 0;  // that are open
  std::vector<MathToken> out_;
};

}  // namespace

std::optional<std::vector<MathToken>> math_tokens(std::string_view text, bool join) {
  if (text.size() > kMostBytes) return std::nullopt;
  const std::string latex = in_latex(text);
  Lexer lexer(latex, join);
  if (!lexer.run()) return std::nullopt;
  return lexer.take();
}

}  // namespace koan::grade
