#include "formats/name_pattern.h"

#include <optional>

namespace koan {
namespace {

using Characters = std::bitset<128>;

constexpr std::size_t kMaxNesting = 32;
constexpr std::uint32_t kMaxRepeat = 1000;
constexpr std::uint32_t kUnlimited = UINT32_MAX;

struct Node {
  enum class Kind : std::uint8_t { kCharacter, kBegin, kEnd, kSequence, kChoice, kRepeat };
  Kind kind = Kind::kSequence;
  Characters characters;
  std::vector<Node> children;
  std::uint32_t least = 0, most = 0;  // of kRepeat
};

Characters range(char from, char to) {
  Characters out;
  for (int c = from; c <= to; ++c) out.set(static_cast<std::size_t>(c));
  return out;
}

Characters one(char c) { return range(c, c); }

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> pattern() {
    if (text_.size() > kMaxPatternBytes)
      return Error{ErrorCode::kLimit, "a pattern is longer than " + std::to_string(kMaxPatternBytes) + " bytes"};
    KOAN_ASSIGN(Node out, choice());
    if (!at_end()) return unsupported("an unmatched )");
    return out;
  }

 private:
  Error unsupported(const std::string& what) const {
    return Error{ErrorCode::kNotSupported,
                 "pattern '" + std::string(text_) + "': " + what + " at character " + std::to_string(at_ + 1)};
  }
  bool at_end() const { return at_ == text_.size(); }
  bool sees(char c) const { return !at_end() && text_[at_] == c; }
  bool take(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }

  Result<Node> choice() {
    if (++depth_ > kMaxNesting) return unsupported("groups nested too deeply");
    Node out{Node::Kind::kChoice, {}, {}};
    do {
      Node& branch = out.children.emplace_back();
      while (!at_end() && !sees('|') && !sees(')')) {
        KOAN_ASSIGN(Node part, repeat());
        branch.children.push_back(std::move(part));
      }
    } while (take("|"));
    --depth_;
    return out;
  }

  Result<Node> repeat() {
    KOAN_ASSIGN(Node child, atom());
    Node out{Node::Kind::kRepeat, {}, {}};
    if (take("*")) {
      out.most = kUnlimited;
    } else if (take("+")) {
      out.least = 1;
      out.most = kUnlimited;
    } else if (take("?")) {
      out.most = 1;
    } else if (take("{")) {
      KOAN_TRY(counts(out));
    } else {
      return child;
    }
    take("?");  // lazy: the same language
    if (sees('*') || sees('+') || sees('?') || sees('{')) return unsupported("a repetition of a repetition");
    out.children.push_back(std::move(child));
    return out;
  }

  // m}, m,}, ,n} or m,n} after the brace.
  Status counts(Node& out) {
    const auto least = number();
    std::optional<std::uint32_t> most = least;
    const bool comma = take(",");
    if (comma) most = number();
    if (!take("}") || (!least && !comma)) return unsupported("a { that is no repetition");
    out.least = least.value_or(0);
    out.most = most.value_or(kUnlimited);
    if (out.least > kMaxRepeat || (most && *most > kMaxRepeat) || out.least > out.most)
      return unsupported("a repetition out of range");
    return {};
  }

  std::optional<std::uint32_t> number() {
    std::optional<std::uint32_t> out;
    for (; !at_end() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const std::uint32_t digit = static_cast<std::uint32_t>(text_[at_] - '0');
      out = std::min(out.value_or(0) * 10 + digit, kMaxRepeat + 1);
    }
    return out;
  }

  Result<Node> atom() {
    if (take("(")) {
      if (!take("?:") && sees('?')) return unsupported("an extension (?");
      KOAN_ASSIGN(Node group, choice());
      if (!take(")")) return unsupported("a missing )");
      return group;
    }
    if (take("^")) return Node{Node::Kind::kBegin, {}, {}};
    if (take("$")) return Node{Node::Kind::kEnd, {}, {}};
    if (take(".")) return character(~one('\n'));
    if (take("[")) {
      KOAN_ASSIGN(const Characters set, set_of_class());
      return character(set);
    }
    if (std::string_view("*+?{").find(text_[at_]) != std::string_view::npos) return unsupported("nothing to repeat");
    KOAN_ASSIGN(const Characters set, literal());
    return character(set);
  }

  static Node character(const Characters& set) { return Node{Node::Kind::kCharacter, set, {}}; }

  // One character or an escape.
  Result<Characters> literal() {
    if (at_end()) return unsupported("an end too early");
    if (static_cast<unsigned char>(text_[at_]) > 127) return unsupported("a character beyond ASCII");
    if (!take("\\")) return one(text_[at_++]);
    if (at_end()) return unsupported("an end too early");
    const char c = text_[at_];
    Characters set;
    const char lower = static_cast<char>(c | 0x20);
    if (lower == 'd') {
      set = range('0', '9');
    } else if (lower == 'w') {
      set = range('0', '9') | range('a', 'z') | range('A', 'Z') | one('_');
    } else if (lower == 's') {
      set = range('\t', '\r') | range('\x1C', ' ');
    } else if (is_letter_or_digit(c) || static_cast<unsigned char>(c) > 127) {
      return unsupported(std::string("the escape \\") + c);
    } else {
      set = one(c);
      ++at_;
      return set;
    }
    ++at_;
    return lower == c ? set : ~set;
  }

  // After the bracket.
  Result<Characters> set_of_class() {
    const bool negated = take("^");
    Characters set;
    for (bool first = true; first || !sees(']'); first = false) {
      const std::size_t begin = at_;
      KOAN_ASSIGN(const Characters from, literal());
      if (!sees('-') || text_.substr(at_ + 1, 1) == "]") {
        set |= from;
        continue;
      }
      ++at_;
      KOAN_ASSIGN(const Characters to, literal());
      const auto low = single(from), high = single(to);
      if (!low || !high || *low > *high) {
        at_ = begin;
        return unsupported("a range without order");
      }
      set |= range(*low, *high);
    }
    take("]");
    return negated ? ~set : set;
  }

  static std::optional<char> single(const Characters& set) {
    if (set.count() != 1) return std::nullopt;
    char c = 0;
    while (!set[static_cast<std::size_t>(c)]) ++c;
    return c;
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
};

}  // namespace

// Nodes to states, from the end to the beginning: each is compiled with the state that follows it.
class PatternCompiler {
 public:
  explicit PatternCompiler(NamePattern& out) : out_(out) {}

  // False above the limit.
  bool run(const Node& root) {
    out_.start_ = compile(root, emit(NamePattern::Step::kAccept, 0));
    return out_.states_.size() <= kMaxPatternSteps;
  }

 private:
  std::uint32_t emit(NamePattern::Step step, std::uint32_t next, std::uint32_t other = 0) {
    if (out_.states_.size() <= kMaxPatternSteps) out_.states_.push_back({step, {}, next, other});
    return static_cast<std::uint32_t>(out_.states_.size() - 1);
  }

  std::uint32_t compile(const Node& node, std::uint32_t next) {
    if (out_.states_.size() > kMaxPatternSteps) return 0;
    switch (node.kind) {
      case Node::Kind::kCharacter: {
        const std::uint32_t at = emit(NamePattern::Step::kCharacter, next);
        out_.states_[at].characters = node.characters;
        return at;
      }
      case Node::Kind::kBegin:
        return emit(NamePattern::Step::kBegin, next);
      case Node::Kind::kEnd:
        return emit(NamePattern::Step::kEnd, next);
      case Node::Kind::kSequence:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) next = compile(*child, next);
        return next;
      case Node::Kind::kChoice: {
        // A fork even for one branch, so that every round of a repetition counts towards the limit.
        std::uint32_t at = compile(node.children[0], next);
        at = emit(NamePattern::Step::kFork, at, at);
        for (std::size_t i = 1; i < node.children.size(); ++i)
          at = emit(NamePattern::Step::kFork, at, compile(node.children[i], next));
        return at;
      }
      case Node::Kind::kRepeat:
        return repeat(node, next);
    }
    return next;
  }

  std::uint32_t repeat(const Node& node, std::uint32_t next) {
    const Node& child = node.children[0];
    std::uint32_t at = next;
    if (node.most == kUnlimited) {
      at = emit(NamePattern::Step::kFork, next, next);
      const std::uint32_t body = compile(child, at);
      out_.states_[at].other = body;
    } else {
      for (std::uint32_t i = node.least; i < node.most; ++i)
        at = emit(NamePattern::Step::kFork, next, compile(child, at));
    }
    for (std::uint32_t i = 0; i < node.least; ++i) at = compile(child, at);
    return at;
  }

  NamePattern& out_;
};

// A set of states.
struct NamePattern::Threads {
  explicit Threads(std::size_t n) : is_in(n) {}
  std::vector<bool> is_in;
  std::vector<std::uint32_t> states;
  void clear() {
    for (const std::uint32_t state : states) is_in[state] = false;
    states.clear();
  }
};

Result<NamePattern> NamePattern::parse(std::string_view pattern) {
  KOAN_ASSIGN(const Node root, Parser(pattern).pattern());
  NamePattern out;
  if (!PatternCompiler(out).run(root))
    return Error{ErrorCode::kLimit,
                 "pattern '" + std::string(pattern) + "': too large when its repetitions are written out"};
  return out;
}

// The states that can be reached without reading. They are their own work list.
void NamePattern::add(std::uint32_t state, bool at_begin, bool at_end, Threads& to) const {
  const auto put = [&](std::uint32_t s) {
    if (to.is_in[s]) return;
    to.is_in[s] = true;
    to.states.push_back(s);
  };
  std::size_t done = to.states.size();
  put(state);
  for (; done < to.states.size(); ++done) {
    const State& s = states_[to.states[done]];
    if (s.step == Step::kFork) {
      put(s.next);
      put(s.other);
    }
    if ((s.step == Step::kBegin && at_begin) || (s.step == Step::kEnd && at_end)) put(s.next);
  }
}

bool NamePattern::matches(std::string_view text) const {
  Threads now(states_.size()), then(states_.size());
  add(start_, true, text.empty(), now);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    then.clear();
    for (const std::uint32_t state : now.states) {
      const State& s = states_[state];
      if (s.step == Step::kCharacter && c < 128 && s.characters[c]) add(s.next, false, i + 1 == text.size(), then);
    }
    std::swap(now, then);
  }
  for (const std::uint32_t state : now.states) {
    if (states_[state].step == Step::kAccept) return true;
  }
  return false;
}

}  // namespace koan
