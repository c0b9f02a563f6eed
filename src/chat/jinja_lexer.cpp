#include "chat/jinja_lexer.h"

#include <algorithm>
#include <array>

namespace koan::jinja {
namespace {

using Kind = Word::Kind;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {
    // As Jinja does: one line end at the very end is not part of the template.
    if (source_.ends_with("\n")) source_.remove_suffix(1);
  }

  Result<std::vector<Word>> run() {
    while (at_ < source_.size()) KOAN_TRY(text_and_tag());
    add(Kind::kEnd, "");
    return std::move(words_);
  }

 private:
  Error wrong(const std::string& what) const {
    return Error{ErrorCode::kCorrupt, "chat template, line " + std::to_string(line_) + ": " + what};
  }
  void add(Kind kind, std::string text) { words_.push_back({kind, std::move(text), line_}); }
  bool here(std::string_view what) const { return source_.substr(at_).starts_with(what); }
  void step(std::size_t count) {
    line_ += static_cast<std::size_t>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                 source_.begin() + static_cast<std::ptrdiff_t>(at_ + count), '\n'));
    at_ += count;
  }

  // Text up to the next tag, then that tag.
  Status text_and_tag() {
    std::size_t tag = at_;
    while (tag < source_.size() && !(source_[tag] == '{' && tag + 1 < source_.size() &&
                                     (source_[tag + 1] == '{' || source_[tag + 1] == '%' || source_[tag + 1] == '#')))
      ++tag;
    std::string text(source_.substr(at_, tag - at_));
    if (strip_next_) text.erase(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_space) - text.begin()));
    strip_next_ = false;
    if (tag < source_.size()) strip_before(tag, text);
    const std::size_t length = tag - at_;
    if (!text.empty()) add(Kind::kText, std::move(text));
    step(length);
    return at_ < source_.size() ? read_tag() : Status();
  }

  // {%- takes all white space before it; a block or comment that begins its line takes the blanks before it, unless
  // {%+.
  void strip_before(std::size_t tag, std::string& text) const {
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    if (sign == '-') {
      while (!text.empty() && is_space(text.back())) text.pop_back();
    } else if (source_[tag + 1] != '{' && sign != '+') {
      std::size_t blanks = text.size();
      while (blanks > 0 && (text[blanks - 1] == ' ' || text[blanks - 1] == '\t')) --blanks;
      const std::size_t start = tag - (text.size() - blanks);  // in the source: text may have lost its beginning
      if (start == 0 || source_[start - 1] == '\n') text.resize(blanks);
    }
  }

  Status read_tag() {
    const char kind = source_[at_ + 1];
    step(2);
    if (here("-") || here("+")) step(1);
    if (kind == '#') return skip_comment();
    add(kind == '{' ? Kind::kOpenOutput : Kind::kOpenBlock, "");
    const std::string close = kind == '{' ? "}}" : "%}";
    depth_ = 0;
    while (true) {
      while (at_ < source_.size() && is_space(source_[at_])) step(1);
      if (at_ >= source_.size()) return wrong("a tag is not closed");
      const bool strips = here("-" + close);
      if (depth_ == 0 && (strips || here(close) || here("+" + close))) {
        const bool keeps = here("+");
        step(close.size() + (strips || keeps ? 1 : 0));
        add(kind == '{' ? Kind::kCloseOutput : Kind::kCloseBlock, "");
        after_tag(strips, kind == '%' && !keeps);
        return {};
      }
      KOAN_TRY(read_word());
    }
  }

  Status skip_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string_view::npos) return wrong("a comment is not closed");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    step(end + 2 - at_);
    after_tag(sign == '-', sign != '+');
    return {};
  }

  void after_tag(bool strips, bool takes_line_end) {
    strip_next_ = strips;
    if (strips || !takes_line_end) return;
    if (here("\r\n"))
      step(2);
    else if (here("\n"))
      step(1);
  }

  Status read_word() {
    const char c = source_[at_];
    if (c == '\'' || c == '"') return read_string(c);
    if (is_digit(c)) return read_number();
    if (is_name(c)) {
      std::size_t end = at_;
      while (end < source_.size() && is_name(source_[end])) ++end;
      add(Kind::kName, std::string(source_.substr(at_, end - at_)));
      step(end - at_);
      return {};
    }
    return read_symbol();
  }

  Status read_number() {
    std::size_t end = at_;
    while (end < source_.size() && (is_digit(source_[end]) || source_[end] == '_')) ++end;
    if (end + 1 < source_.size() && source_[end] == '.' && is_digit(source_[end + 1])) {
      ++end;
      while (end < source_.size() && is_digit(source_[end])) ++end;
    }
    std::string text(source_.substr(at_, end - at_));
    std::erase(text, '_');
    add(Kind::kNumber, std::move(text));
    step(end - at_);
    return {};
  }

  Status read_string(char quote) {
    std::string text;
    std::size_t end = at_ + 1;
    for (; end < source_.size() && source_[end] != quote; ++end) {
      if (source_[end] != '\\' || end + 1 >= source_.size()) {
        text += source_[end];
        continue;
      }
      const char c = source_[++end];
      constexpr std::string_view kFrom = "ntrfvab0\\'\"\n", kTo{"\n\t\r\f\v\a\b\0\\'\"\0", 12};
      const std::size_t found = kFrom.find(c);
      if (c == 'u' || c == 'x' || c == 'N' || c == 'U')
        return wrong("escape \\" + std::string(1, c) + " in a string is not supported");
      if (found == std::string_view::npos)
        text += {'\\', c};
      else if (c != '\n')
        text += kTo[found];
    }
    if (end >= source_.size()) return wrong("a string is not closed");
    add(Kind::kString, std::move(text));
    step(end + 1 - at_);
    return {};
  }

  Status read_symbol() {
    static constexpr std::array<std::string_view, 25> kSymbols = {"**", "//", "==", "!=", "<=", ">=", "+", "-", "*",
                                                                  "/",  "%",  "~",  "<",  ">",  "=",  "(", ")", "[",
                                                                  "]",  "{",  "}",  ",",  ":",  ".",  "|"};
    for (const std::string_view symbol : kSymbols) {
      if (!here(symbol)) continue;
      if (symbol == "(" || symbol == "[" || symbol == "{") ++depth_;
      if (depth_ > 0 && (symbol == ")" || symbol == "]" || symbol == "}")) --depth_;
      add(Kind::kSymbol, std::string(symbol));
      step(symbol.size());
      return {};
    }
    return wrong("'" + std::string(1, source_[at_]) + "' does not belong here");
  }

  std::string_view source_;
  std::size_t at_ = 0, line_ = 1;
  int depth_ = 0;  // of brackets inside a tag: "}}" may close two mappings
  bool strip_next_ = false;
  std::vector<Word> words_;
};

}  // namespace

Result<std::vector<Word>> read_words(std::string_view source) { return Lexer(source).run(); }

}  // namespace koan::jinja
