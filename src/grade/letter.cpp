#include "grade/letter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "grade/answer.h"
#include "grade/thoughts.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<signed char>(c) < 0;
}
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

struct Choice {
  std::size_t at = 0;  // place in the reply
  char letter = 0;     // capital; 0: says explicitly something that is no choice, such as "A or B"
};

class Reader {
 public:
  Reader(std::string_view text, std::size_t choices)
      : text_(text), small_(text), choices_(std::min<std::size_t>(choices, 26)) {
    std::transform(small_.begin(), small_.end(), small_.begin(), lower);
  }

  void find_boxed() {
    for (const AnswerSpan& span : stated_answers(text_)) {
      if (span.announcement != Announcement::kBoxed) continue;
      // \boxed{\text{(B)}}
      std::size_t at = span.begin;
      for (const std::string_view wrap : {"\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{"})
        if (text_.substr(at).starts_with(wrap)) at += wrap.size();
      if (const char letter = labelled(at)) found_.push_back({span.begin, letter});
    }
  }

  // "answer: B", "answer is (B)", "correct option is B", "choose B", "option B is correct".
  void find_phrases() {
    constexpr std::array<std::string_view, 5> kNouns = {"answer", "option", "choice", "alternative", "statement"};
    for (const std::string_view noun : kNouns) each(noun, [&](std::size_t end) { after_noun(end); });
    constexpr std::array<std::string_view, 6> kVerbs = {"choose", "pick", "select", "chose", "go with", "going with"};
    for (const std::string_view verb : kVerbs) each(verb, [&](std::size_t end) { after_verb(end); });
    each("correct", [&](std::size_t end) {
      before_praise(end - 7);
      after_noun(end);
    });
    each("right", [&](std::size_t end) { before_praise(end - 5); });
  }

  // The last line that is not empty is nothing but a choice, or begins like one in a list.
  void find_line() {
    std::string_view rest = strip(text_);
    const std::size_t line = rest.rfind('\n');
    const std::string_view last = line == std::string_view::npos ? rest : strip(rest.substr(line + 1));
    if (last.empty()) return;
    const auto at = static_cast<std::size_t>(last.data() - text_.data());
    if (const char letter = labelled(at)) found_.push_back({at, letter});
  }

  // (B), [B] or **B** anywhere.
  void find_marked() {
    for (std::size_t i = 1; i + 1 < text_.size(); ++i) {
      const char before = text_[i - 1], after = text_[i + 1];
      const bool marked =
          (before == '(' && after == ')') || (before == '[' && after == ']') || (before == '*' && after == '*');
      if (marked && is_choice(text_[i])) found_.push_back({i, text_[i]});
    }
  }

  std::optional<char> last() const {
    if (found_.empty()) return std::nullopt;
    const auto by_place = [](const Choice& a, const Choice& b) { return a.at < b.at; };
    return std::max_element(found_.begin(), found_.end(), by_place)->letter;
  }
  bool any() const { return !found_.empty(); }

 private:
  bool is_choice(char c) const { return c >= 'A' && static_cast<std::size_t>(c - 'A') < choices_; }

  template <typename Act>
  void each(std::string_view word, Act act) {
    for (std::size_t at = small_.find(word); at != std::string::npos; at = small_.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      const bool whole = (at == 0 || !is_word(small_[at - 1])) && (end == small_.size() || !is_word(small_[end]));
      if (whole) act(end);
    }
  }

  std::size_t skip(std::size_t at, std::string_view any) const {
    return std::min(text_.find_first_not_of(any, at), text_.size());
  }
  bool word_at(std::size_t at, std::string_view word) const {
    const std::size_t end = at + word.size();
    return small_.compare(at, word.size(), word) == 0 && (end >= small_.size() || !is_word(small_[end]));
  }

  // The letter of "B", "(B)", "**B**", "B) text", "$B$", "b." that stands at `at`; 0 if what is there is no choice.
  char labelled(std::size_t at) const {
    constexpr std::string_view kAround = "*_ \t($[\"'`{";
    const std::size_t begin = skip(at, kAround);
    if (begin >= text_.size()) return 0;
    const bool wrapped = text_.substr(at, begin - at).find_first_of("([*\"'`{$") != std::string_view::npos;
    const char written = text_[begin];
    const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(written)));
    if (!is_choice(letter)) return 0;
    const std::size_t end = begin + 1;
    if (end == text_.size()) return letter;
    const char next = text_[end];
    if (is_word(next) || next == '\'' || next == '-') return 0;
    if (next == '/' || (next == '^') || next == '=' || next == '+') return 0;
    if (joined(end, letter)) return 0;
    if (next != ' ' && next != '\t') return letter;
    const std::size_t word = skip(end, " \t");
    if (word == text_.size() || text_[word] == '\n' || !is_word(text_[word])) return letter;
    // A word follows: "A number of ...", "a proof", "I think"; but "B because", "A is right".
    if (written != letter) return 0;
    if (letter != 'A' && letter != 'I') return letter;
    constexpr std::array<std::string_view, 8> kGoesOn = {"is", "because", "since", "as", "and", "with", "for", "which"};
    return wrapped || std::any_of(kGoesOn.begin(), kGoesOn.end(), [&](std::string_view w) { return word_at(word, w); })
               ? letter
               : '\0';
  }

  // "A or B", "A and B", "A, B": no one choice.
  bool joined(std::size_t end, char letter) const {
    std::size_t at = skip(end, "*_ \t)]\"'`}$,");
    const bool comma = text_.substr(end, at - end).find(',') != std::string_view::npos;
    const bool word = word_at(at, "or") || word_at(at, "and");
    if (!comma && !word) return false;
    if (word) at = skip(at + (word_at(at, "or") ? 2 : 3), "*_ \t([\"'`{$");
    const bool alone = at < text_.size() && (at + 1 == text_.size() || !is_word(text_[at + 1]));
    return alone && is_choice(text_[at]) && text_[at] != letter && !(text_[at] == 'I' && choices_ < 9);
  }

  void after_noun(std::size_t at) {
    at = skip(at, "*_ \t");
    if (word_at(at, "choice") || word_at(at, "option") || word_at(at, "answer"))
      return;  // each of them is looked at too
    bool said = false;
    if (at < text_.size() && (text_[at] == ':' || text_[at] == '=')) {
      said = true;
      ++at;
    }
    for (const std::string_view word : {"is", "would be", "should be", "must be", "has to be"}) {
      if (said || !word_at(at, word)) continue;
      at += word.size();
      said = true;
    }
    at = skip(at, "*_ \t:=\n");
    if (!said) return before_verb(at);
    if (word_at(at, "not")) return;
    for (const std::string_view word : {"therefore", "thus", "option", "choice", "answer", "letter", "clearly"})
      if (word_at(at, word)) at = skip(at + word.size(), "*_ \t:,");
    add(at);
  }
  // "Option B", "choice (C)": explicit if the sentence says that it is the one.
  void before_verb(std::size_t at) {
    const std::size_t letter = skip(at, "*_ \t($[\"");
    if (letter >= text_.size() || !is_choice(text_[letter])) return;
    if (praised(letter + 1)) add(at);
  }
  bool praised(std::size_t at) const {
    at = skip(at, "*_ \t)]\"$.:");
    if (!word_at(at, "is")) return false;
    at = skip(at + 2, " \t*_");
    for (const std::string_view word : {"the", "therefore", "thus", "clearly"})
      if (word_at(at, word)) at = skip(at + word.size(), " \t*_");
    for (const std::string_view word : {"correct", "right", "best", "answer", "true"})
      if (word_at(at, word)) return true;
    return false;
  }
  void after_verb(std::size_t at) {
    at = skip(at, "*_ \t:");
    for (const std::string_view word : {"option", "choice", "answer", "letter"})
      if (word_at(at, word)) at = skip(at + word.size(), "*_ \t:");
    add(at);
  }
  // "B is correct", "(B) is the right answer": `at` is where the praise begins.
  void before_praise(std::size_t at) {
    std::size_t i = at;
    const auto back_over = [&](std::string_view word) {
      while (i > 0 && (text_[i - 1] == ' ' || text_[i - 1] == '*' || text_[i - 1] == '_')) --i;
      if (i < word.size() || small_.compare(i - word.size(), word.size(), word) != 0) return false;
      i -= word.size();
      return true;
    };
    back_over("the");
    if (!back_over("is")) return;
    while (i > 0 && std::string_view(" *_)]\"").find(text_[i - 1]) != std::string_view::npos) --i;
    if (i == 0 || !is_choice(text_[i - 1]) || (i > 1 && is_word(text_[i - 2]))) return;
    found_.push_back({i - 1, text_[i - 1]});
  }

  void add(std::size_t at) {
    if (at >= text_.size()) return;
    const std::size_t letter = skip(at, "*_ \t($[\"'`{");
    const char read = labelled(at);
    if (read != 0) return found_.push_back({letter, read});
    const bool alone = letter + 1 >= text_.size() || (letter + 1 < text_.size() && !is_word(text_[letter + 1]));
    if (letter < text_.size() && alone && is_choice(text_[letter]) && joined(letter + 1, text_[letter]))
      found_.push_back({letter, 0});
  }

  std::string_view text_;
  std::string small_;
  std::size_t choices_;
  std::vector<Choice> found_;
};

}  // namespace

std::string letter_of_reply(std::string_view reply, std::size_t choices) {
  Reader reader(without_thoughts(reply), choices);
  reader.find_boxed();
  reader.find_phrases();
  if (!reader.any()) reader.find_line();
  if (!reader.any()) reader.find_marked();
  const auto letter = reader.last();
  return letter && *letter != 0 ? std::string(1, *letter) : std::string();
}

}  // namespace koan::grade
