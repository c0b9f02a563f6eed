#include "grade/answer.h"

#include <algorithm>
#include <cctype>

#include "grade/notation.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

constexpr std::size_t kLongestPhrase = 120;  // an announced answer in prose; more is a sentence about something else
constexpr std::size_t kShortReply = 40;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<signed char>(c) < 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::size_t line_end(std::string_view text, std::size_t from) { return std::min(text.find('\n', from), text.size()); }

// \boxed{...}, \boxed{{...}} and \fbox{...}, whatever is nested. What never closes ends with its line.
void find_boxed(std::string_view text, std::vector<AnswerSpan>& out) {
  for (const std::string_view command : {std::string_view("\\boxed"), std::string_view("\\fbox")}) {
    for (std::size_t at = text.find(command); at != std::string_view::npos; at = text.find(command, at + 1)) {
      std::size_t open = at + command.size();
      while (open < text.size() && is_space(text[open])) ++open;
      if (open == text.size() || text[open] != '{') continue;
      const auto close = closing_brace(text, open);
      out.push_back({open + 1, close.value_or(line_end(text, open)), Announcement::kBoxed});
    }
  }
}

// "#### 42", as in GSM8K: the rest of the line. Four exactly, at the beginning of a line.
void find_hashes(std::string_view text, std::vector<AnswerSpan>& out) {
  constexpr std::string_view kMark = "####";
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + kMark.size())) {
    const bool starts = at == 0 || text[at - 1] == '\n';
    const std::size_t after = at + kMark.size();
    if (starts && after < text.size() && text[after] != '#')
      out.push_back({after, line_end(text, after), Announcement::kHashes});
  }
}

// "42, which is even", but not "1, 2, 3" or "x = 1, y = 2".
bool word_follows(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && text[at] == ' ' && std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0 &&
         std::isalpha(static_cast<unsigned char>(text[at + 2])) != 0;
}

// Where an answer in prose ends: at the end of its line or sentence. A point between digits, or in a $formula$, is
// none.
std::size_t phrase_end(std::string_view text, std::size_t from) {
  bool formula = false;
  int depth = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') return i;
    if (c == '$') formula = !formula;
    if (c == '{' || c == '(') ++depth;
    if (c == '}' || c == ')') --depth;
    const bool last = i + 1 == text.size() || is_space(text[i + 1]);
    if (!formula && depth <= 0 && (c == '.' || c == ';' || c == '!') && last) return i;
    if (!formula && depth <= 0 && c == ',' && word_follows(text, i + 1)) return i;
  }
  return text.size();
}

// "answer: 42", "the answer is 42", "final answer = 42", with * or _ around any of it.
void find_phrases(std::string_view text, std::vector<AnswerSpan>& out) {
  constexpr std::string_view kWord = "answer";
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  for (std::size_t at = small.find(kWord); at != std::string::npos; at = small.find(kWord, at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    std::size_t i = at + kWord.size();
    const auto skip = [&](std::string_view any) {
      while (i < text.size() && any.find(text[i]) != std::string_view::npos) ++i;
    };
    skip(" *_");
    if (text.substr(i, 1) == ":" || text.substr(i, 1) == "=") {
      ++i;
    } else if (small.compare(i, 3, "is ") == 0 || small.compare(i, 3, "is:") == 0) {
      i += 3;
    } else {
      continue;
    }
    skip(" *_:=");
    if (i < text.size() && text[i] == '\n') skip("\n *_");  // a heading, and the answer below
    AnswerSpan span{i, phrase_end(text, i), Announcement::kPhrase};
    while (span.end > span.begin && (text[span.end - 1] == '*' || text[span.end - 1] == '_')) --span.end;
    if (span.end - span.begin <= kLongestPhrase) out.push_back(span);
  }
}

// **42** in the last line that is not empty, if no other announcement is there.
void find_bold(std::string_view text, std::vector<AnswerSpan>& out) {
  std::size_t end = text.size();
  while (end > 0 && is_space(text[end - 1])) --end;
  const std::size_t begin = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;  // npos + 1 is 0
  const std::size_t close = text.substr(0, end).rfind("**");
  if (close == std::string_view::npos || close < begin + 2) return;
  const std::size_t open = text.rfind("**", close - 1);
  if (open == std::string_view::npos || open < begin || close - open <= 2) return;
  if (close - open - 2 <= kLongestPhrase) out.push_back({open + 2, close, Announcement::kBold});
}

// Of overlapping spans the surer one stays: "answer is \boxed{4}" is one statement.
std::vector<AnswerSpan> without_overlaps(std::string_view text, std::vector<AnswerSpan> spans) {
  for (AnswerSpan& span : spans) {
    const std::string_view inside = strip(text.substr(span.begin, span.end - span.begin));
    if (!inside.empty()) span.begin = static_cast<std::size_t>(inside.data() - text.data());
    span.end = span.begin + inside.size();
  }
  std::stable_sort(spans.begin(), spans.end(),
                   [](const AnswerSpan& a, const AnswerSpan& b) { return a.announcement < b.announcement; });
  std::vector<AnswerSpan> out;
  for (const AnswerSpan& span : spans) {
    if (span.begin == span.end) continue;
    const bool taken = std::any_of(out.begin(), out.end(), [&](const AnswerSpan& other) {
      return span.begin < other.end && other.begin < span.end;
    });
    if (!taken) out.push_back(span);
  }
  std::sort(out.begin(), out.end(), [](const AnswerSpan& a, const AnswerSpan& b) { return a.begin < b.begin; });
  return out;
}

}  // namespace

std::vector<AnswerSpan> stated_answers(std::string_view text) {
  std::vector<AnswerSpan> out;
  find_boxed(text, out);
  find_hashes(text, out);
  find_phrases(text, out);
  out = without_overlaps(text, std::move(out));
  if (out.empty()) {
    find_bold(text, out);
    out = without_overlaps(text, std::move(out));
  }
  return out;
}

std::optional<std::string> final_answer(std::string_view text) {
  const AnswerSpan* best = nullptr;
  const std::vector<AnswerSpan> spans = stated_answers(text);
  for (const AnswerSpan& span : spans)
    if (best == nullptr || span.announcement <= best->announcement) best = &span;
  if (best == nullptr) return std::nullopt;
  return std::string(text.substr(best->begin, best->end - best->begin));
}

std::string answer_of_reply(std::string_view reply) {
  if (auto stated = final_answer(reply)) return *stated;
  const std::string_view text = strip(reply);
  if (text.size() <= kShortReply && text.find('\n') == std::string_view::npos) return std::string(text);
  return std::string(last_number(text));
}

}  // namespace koan::grade
