#include "grade/math_answer.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <span>

#include "grade/math_scalar.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

using Kind = MathToken::Kind;
using Tokens = std::span<const MathToken>;
using Answer = MathAnswer;
using Maybe = std::optional<MathAnswer>;

constexpr std::size_t kMostParts = 64;
constexpr int kMostDepth = 12;

bool opens(const MathToken& t) {
  return t.is('(') || t.is('[') || t.is('{') || t.is_command("{") || t.is_command("langle") || t.kind == Kind::kBegin;
}
bool closes(const MathToken& t) {
  return t.is(')') || t.is(']') || t.is('}') || t.is_command("}") || t.is_command("rangle") || t.kind == Kind::kEnd;
}

// Where the bracket at the beginning is closed, whatever the kind of either (intervals mix them); tokens.size() if
// never.
std::size_t closing(Tokens tokens) {
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i]) && --depth == 0) return i;
  }
  return tokens.size();
}

using IsMark = std::function<bool(const MathToken&)>;

// Cut at each mark outside of brackets. marks: those that were found.
std::vector<Tokens> cut(Tokens tokens, const IsMark& is_mark, std::vector<const MathToken*>* marks = nullptr) {
  std::vector<Tokens> out;
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i])) --depth;
    if (depth != 0 || !is_mark(tokens[i])) continue;
    out.push_back(tokens.subspan(from, i - from));
    if (marks != nullptr) marks->push_back(&tokens[i]);
    from = i + 1;
  }
  out.push_back(tokens.subspan(from));
  return out;
}

bool is_comma(const MathToken& t) {
  return t.is(',') || t.is(';') || (t.kind == Kind::kText && (t.text == "and" || t.text == "or"));
}

std::string relation(const MathToken& t) {
  for (const char sign : {'=', '<', '>'})
    if (t.is(sign)) return std::string(1, sign);
  for (const char* name : {"le", "ge", "ne", "approx"})
    if (t.is_command(name)) return name;
  return "";
}

// Nothing: the tokens are not of this form. A Maybe without an answer: they are, and cannot be read; nothing else is
// tried, so that no token is read twice at one depth.
using Attempt = std::optional<Maybe>;
const Attempt kUnreadable = Attempt(Maybe());

class Reader {
 public:
  // All of an answer, or an element of it if `list` is off.
  Maybe read(Tokens tokens, bool list, int depth) {
    if (depth > kMostDepth) return std::nullopt;
    while (!tokens.empty() && (tokens.back().is('.') || tokens.back().is(',') || tokens.back().is(';')))
      tokens = tokens.first(tokens.size() - 1);
    if (tokens.empty()) return std::nullopt;
    if (list) {
      auto items = cut(tokens, is_comma);
      std::erase_if(items, [](Tokens item) { return item.empty(); });
      if (items.size() > 1) return bag(items, depth);
    }
    if (is_whole_bracket(tokens, "{")) return set(tokens.subspan(1, tokens.size() - 2), depth);
    if (auto both = with_signs(tokens, depth)) return *both;
    if (auto member = membership(tokens, depth)) return *member;
    if (auto found = relations(tokens, depth)) return *found;
    if (auto found = unions(tokens, depth)) return *found;
    if (auto found = bracketed(tokens, depth)) return *found;
    if (auto found = based(tokens)) return found;
    if (auto found = ratio(tokens)) return found;
    return read_scalar(tokens);
  }

 private:
  static bool is_whole_bracket(Tokens tokens, std::string_view command) {
    return tokens.size() >= 2 && tokens[0].is_command(command) && closing(tokens) == tokens.size() - 1;
  }

  // Lists within lists are one list.
  Maybe bag(const std::vector<Tokens>& items, int depth) {
    Answer out;
    out.kind = Answer::Kind::kBag;
    for (const Tokens item : items) {
      Maybe part = read(item, false, depth + 1);
      if (!part) return std::nullopt;
      if (part->kind == Answer::Kind::kBag) {
        std::move(part->parts.begin(), part->parts.end(), std::back_inserter(out.parts));
      } else {
        out.parts.push_back(std::move(*part));
      }
      if (out.parts.size() > kMostParts) return std::nullopt;
    }
    return out;
  }

  Maybe set(Tokens inside, int depth) {
    const bool by_rule =
        std::any_of(inside.begin(), inside.end(), [](const MathToken& t) { return t.is(':') || t.is_command("mid"); });
    if (by_rule) return std::nullopt;
    if (inside.empty()) {
      Answer out;
      out.kind = Answer::Kind::kBag;
      return out;
    }
    return bag(cut(inside, is_comma), depth);
  }

  // 1 \pm \sqrt{2} is a list of two.
  Attempt with_signs(Tokens tokens, int depth) {
    const auto is_sign = [](const MathToken& t) { return t.is_command("pm") || t.is_command("mp"); };
    if (std::none_of(tokens.begin(), tokens.end(), is_sign)) return std::nullopt;
    Answer out;
    out.kind = Answer::Kind::kBag;
    for (const bool upper : {true, false}) {
      std::vector<MathToken> copy(tokens.begin(), tokens.end());
      for (MathToken& t : copy)
        if (is_sign(t)) t = {Kind::kSign, (t.text == "pm") == upper ? "+" : "-", t.spaced};
      Maybe part = read(copy, false, depth + 1);
      if (!part) return kUnreadable;
      out.parts.push_back(std::move(*part));
    }
    return Maybe(std::move(out));
  }

  // x \in [1, 2]
  Attempt membership(Tokens tokens, int depth) {
    std::vector<const MathToken*> marks;
    const auto sides = cut(
        tokens, [](const MathToken& t) { return t.is_command("in"); }, &marks);
    if (sides.size() != 2 || symbol_of(sides[0]).empty()) return std::nullopt;
    return Attempt(read(sides[1], false, depth + 1));
  }

  Attempt relations(Tokens tokens, int depth) {
    std::vector<const MathToken*> marks;
    const auto sides = cut(
        tokens, [](const MathToken& t) { return !relation(t).empty(); }, &marks);
    if (marks.empty()) return std::nullopt;
    Answer out;
    out.kind = Answer::Kind::kRelation;
    for (const MathToken* mark : marks) out.ops.push_back(relation(*mark));
    for (const Tokens side : sides) {
      Maybe part = read(side, false, depth + 1);
      if (!part) return kUnreadable;
      part->name = symbol_of(side);
      out.parts.push_back(std::move(*part));
    }
    out.name = out.parts.front().name;
    return Maybe(std::move(out));
  }

  // x, x_1, \theta, f(x), "a" of words: what may stand before "=" without meaning anything.
  static std::string symbol_of(Tokens tokens) {
    std::string out;
    for (const MathToken& t : tokens) out += t.text;
    const bool one = tokens.size() == 1 && (tokens[0].kind == Kind::kLetter || tokens[0].kind == Kind::kWord ||
                                            tokens[0].kind == Kind::kCommand);
    const bool indexed = tokens.size() >= 3 && tokens[0].kind == Kind::kLetter && tokens[1].is('_') &&
                         (tokens.size() == 3 || (tokens[2].is('{') && tokens.back().is('}')));
    const bool applied = tokens.size() == 4 && tokens[0].kind == Kind::kLetter && tokens[1].is('(') &&
                         tokens[3].is(')') && tokens[2].kind == Kind::kLetter;
    return one || indexed || applied ? out : "";
  }

  Attempt unions(Tokens tokens, int depth) {
    // A letter U is one between brackets only.
    const auto is_union = [&](const MathToken& t) {
      if (t.is_command("cup")) return true;
      const auto i = static_cast<std::size_t>(&t - tokens.data());
      return t.kind == Kind::kLetter && t.text == "U" && i > 0 && i + 1 < tokens.size() && closes(tokens[i - 1]) &&
             opens(tokens[i + 1]);
    };
    const auto sides = cut(tokens, is_union);
    if (sides.size() < 2) return std::nullopt;
    if (sides.size() > kMostParts) return kUnreadable;
    Answer out;
    out.kind = Answer::Kind::kUnion;
    for (const Tokens side : sides) {
      Maybe part = read(side, false, depth + 1);
      if (!part || part->kind == Answer::Kind::kScalar) return kUnreadable;
      out.parts.push_back(std::move(*part));
    }
    return Maybe(std::move(out));
  }

  Attempt bracketed(Tokens tokens, int depth) {
    if (tokens.size() < 2 || closing(tokens) != tokens.size() - 1) return std::nullopt;
    if (tokens[0].kind == Kind::kBegin) return Attempt(matrix(tokens, depth));
    const bool angle = tokens[0].is_command("langle");
    if (!tokens[0].is('(') && !tokens[0].is('[') && !angle) return std::nullopt;
    const auto items = cut(tokens.subspan(1, tokens.size() - 2), [](const MathToken& t) { return t.is(','); });
    if (items.size() < 2) return std::nullopt;
    if (items.size() > kMostParts) return kUnreadable;
    Answer out;
    out.kind = Answer::Kind::kTuple;
    out.open = angle ? '(' : tokens.front().text[0];
    out.close = angle ? ')' : tokens.back().text[0];
    for (const Tokens item : items) {
      Maybe part = read(item, false, depth + 1);
      if (!part) return kUnreadable;
      out.parts.push_back(std::move(*part));
    }
    return Maybe(std::move(out));
  }

  Maybe matrix(Tokens tokens, int depth) {
    if (tokens.front().text.find("matrix") == std::string::npos && tokens.front().text != "array") return std::nullopt;
    auto rows = cut(tokens.subspan(1, tokens.size() - 2), [](const MathToken& t) { return t.kind == Kind::kRow; });
    if (rows.size() > 1 && rows.back().empty()) rows.pop_back();
    Answer out;
    out.kind = Answer::Kind::kMatrix;
    for (const Tokens row : rows) {
      const auto entries = cut(row, [](const MathToken& t) { return t.is('&'); });
      if (out.columns == 0) out.columns = entries.size();
      if (entries.size() != out.columns || out.parts.size() + entries.size() > kMostParts) return std::nullopt;
      for (const Tokens entry : entries) {
        Maybe part = read(entry, false, depth + 1);
        if (!part) return std::nullopt;
        out.parts.push_back(std::move(*part));
      }
    }
    return out;
  }

  // 1101_2, -152A_{11}
  static Maybe based(Tokens tokens) {
    std::size_t end = tokens.size();
    if (end >= 4 && tokens[end - 1].is('}') && tokens[end - 3].is('{')) {
      end -= 3;
    } else if (end >= 3) {
      end -= 1;
    } else {
      return std::nullopt;
    }
    const MathToken& base = tokens.size() - end == 3 ? tokens[end + 1] : tokens[end];
    if (base.kind != Kind::kNumber || base.text.size() > 2 || !tokens[end - 1].is('_') ||
        base.text.find('.') != std::string::npos)
      return std::nullopt;
    Answer out;
    out.kind = Answer::Kind::kBased;
    out.base = static_cast<std::size_t>(std::stoi(base.text));
    std::size_t begin = 0;
    if (tokens[0].is('-')) {
      out.text = "-";
      begin = 1;
    }
    if (begin + 1 >= end || tokens[begin].kind != Kind::kNumber || out.base < 2 || out.base > 36) return std::nullopt;
    for (const MathToken& t : tokens.subspan(begin, end - 1 - begin)) {
      if (t.kind != Kind::kNumber && t.kind != Kind::kLetter && t.kind != Kind::kWord) return std::nullopt;
      for (const char c : t.text) out.text += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
  }

  static Maybe ratio(Tokens tokens) {
    const auto sides = cut(tokens, [](const MathToken& t) { return t.is(':'); });
    if (sides.size() < 2 || sides.size() > 8) return std::nullopt;
    Answer out;
    out.kind = Answer::Kind::kRatio;
    for (const Tokens side : sides) {
      Maybe part = read_scalar(side);
      if (!part || !part->unit.empty() || part->percent) return std::nullopt;
      out.parts.push_back(std::move(*part));
    }
    return out;
  }
};

}  // namespace

std::string plain_words(std::string_view text) {
  std::string out;
  char before = 0;
  bool space = false;
  for (const char c : text) {
    if (is_space(c)) space = true;
    if (is_space(c) || std::string_view(".,'\"$*{}`").find(c) != std::string_view::npos) continue;
    const bool digits =
        std::isdigit(static_cast<unsigned char>(c)) != 0 && std::isdigit(static_cast<unsigned char>(before)) != 0;
    if (space && digits) out += ' ';
    space = false;
    before = c;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

MathAnswer read_math(std::string_view text, bool join) {
  text = strip(text, " \t\r\n*");
  Answer out;
  const auto tokens = math_tokens(text, join);
  if (tokens) {
    if (Maybe read = Reader().read(*tokens, true, 0)) return std::move(*read);
    for (const MathToken& t : *tokens) out.text += (t.spaced || t.kind == Kind::kText ? " " : "") + t.text;
  } else {
    out.text = text;
  }
  out.text = plain_words(out.text);
  return out;
}

}  // namespace koan::grade
