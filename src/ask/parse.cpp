#include "ask/parse.h"

#include <algorithm>
#include <array>
#include <span>

#include "text/strip.h"

namespace koan::ask {
namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
// Bytes above ASCII belong to words of other scripts.
bool is_word(char c) noexcept { return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80; }
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(strip(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (text.substr(i, 3) == "\xE2\x80\x99") {  // a typographic apostrophe
      c = '\'';
      i += 2;
    }
    const bool word = is_word(c) || (inside && c == '\'');  // isn't is one word
    if (word && !inside) out.emplace_back();
    if (word) out.back() += lower(c);
    inside = word;
  }
  return out;
}

struct Item {
  std::size_t number = 0;
  std::string_view text;
};

// "3. text", "3) text", "**3.** text", "Q3: text", "- 3: text", "Question 3. text", "(3) text".
std::optional<Item> numbered(std::string_view line) {
  constexpr std::string_view kDecoration = "*_#>-( \t";
  std::size_t at = std::min(line.find_first_not_of(kDecoration), line.size());
  std::string word;
  while (at < line.size() && is_letter(line[at])) word += lower(line[at++]);
  if (!word.empty() && word != "q" && word != "question" && word != "answer" && word != "a") return std::nullopt;
  while (at < line.size() && (line[at] == ' ' || line[at] == '#')) ++at;
  const std::size_t begin = at;
  std::size_t number = 0;
  while (at < line.size() && is_digit(line[at]) && at - begin < 4)
    number = number * 10 + static_cast<std::size_t>(line[at++] - '0');
  if (at == begin) return std::nullopt;
  const std::size_t mark = line.find_first_not_of("*_ ", at);
  // "2.5 is ..." is no item.
  if (mark == std::string_view::npos || std::string_view(".):-").find(line[mark]) == std::string_view::npos)
    return std::nullopt;
  if (mark + 1 < line.size() && is_digit(line[mark + 1])) return std::nullopt;
  return Item{number, strip(line.substr(mark + 1), "*_ \t")};
}

constexpr std::array<std::string_view, 35> kAuxiliaries = {
    "is",    "are",      "was",   "were",     "am",        "do",      "does",    "did",     "can",
    "could", "will",     "would", "shall",    "should",    "has",     "have",    "had",     "may",
    "might", "must",     "isn't", "aren't",   "wasn't",    "weren't", "don't",   "doesn't", "didn't",
    "can't", "couldn't", "won't", "wouldn't", "shouldn't", "hasn't",  "haven't", "need"};
constexpr std::array<std::string_view, 10> kQuestionWords = {"what", "which", "why",   "how",  "where",
                                                             "when", "who",   "whose", "whom", "explain"};

bool contains(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Yes or no where that is how the text begins, and it does not go on with the other.
std::optional<bool> leading_answer(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  if (!words.empty() && (words[0] == "answer" || words[0] == "a")) words.erase(words.begin());
  if (words.empty() || (words[0] != "yes" && words[0] != "no")) return std::nullopt;
  const std::string_view other = words[0] == "yes" ? "no" : "yes";
  // "Yes/No", "Yes and no", "no, yes".
  for (std::size_t i = 1; i < std::min<std::size_t>(words.size(), 3); ++i)
    if (words[i] == other && (i == 1 || words[1] == "and" || words[1] == "or")) return std::nullopt;
  return words[0] == "yes";
}

}  // namespace

std::string_view without_thoughts(std::string_view reply) noexcept {
  constexpr std::string_view kEnd = "</think>";
  const std::size_t end = reply.rfind(kEnd);
  return end == std::string_view::npos ? reply : reply.substr(end + kEnd.size());
}

std::vector<std::string> parse_questions(std::string_view reply) {
  std::vector<std::string> listed, loose;
  bool open = false;  // the last item of the list has no question mark yet
  for (const std::string_view line : lines_of(without_thoughts(reply))) {
    const auto item = numbered(line);
    if (item) {
      listed.emplace_back(item->text);
      open = true;
    } else if (line.empty()) {
      open = false;
    } else if (open) {
      listed.back() += " " + std::string(line);
    } else if (line.ends_with('?')) {
      loose.emplace_back(strip(line, "-*_> \t"));
    }
    if (!open || listed.empty()) continue;
    const std::size_t mark = listed.back().find('?');
    if (mark == std::string::npos) continue;
    listed.back().resize(mark + 1);
    open = false;
  }
  std::vector<std::string>& out = listed.empty() ? loose : listed;
  for (std::string& question : out) question = strip(question);
  std::erase_if(out, [](const std::string& question) { return question.empty(); });
  return std::move(out);
}

bool is_yes_no_question(std::string_view question) {
  question = strip(question, " \t\r\n*_\"");
  if (!question.ends_with('?')) return false;
  // Clauses: "In step 2, is ...", "The sum is 5. Is it ...".
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= question.size(); ++i) {
    const bool ends = i == question.size() || std::string_view(",.;:").find(question[i]) != std::string_view::npos;
    if (!ends) continue;
    const std::vector<std::string> words = words_of(question.substr(begin, i - begin));
    begin = i + 1;
    if (words.empty()) continue;
    if (contains(kAuxiliaries, words[0])) return true;
    // "In which step is ...", "At what point ...".
    if (contains(kQuestionWords, words[0]) ||
        (words.size() > 1 && contains(kQuestionWords, words[1]) && words[0] != "if"))
      return false;
  }
  return false;
}

std::string question_key(std::string_view question) {
  std::string out;
  for (const std::string& word : words_of(question)) out += word + " ";
  return out;
}

std::vector<std::optional<bool>> parse_answers(std::string_view reply, std::size_t count) {
  std::vector<std::optional<bool>> out(count);
  std::vector<bool> contradicted(count, false);
  std::vector<std::optional<bool>> plain;  // lines without a number
  bool any_number = false;
  for (const std::string_view line : lines_of(without_thoughts(reply))) {
    if (line.empty()) continue;
    const auto item = numbered(line);
    if (!item) {
      plain.push_back(leading_answer(line));
      continue;
    }
    any_number = true;
    const auto answer = leading_answer(item->text);
    if (!answer || item->number < 1 || item->number > count) continue;
    auto& slot = out[item->number - 1];
    if (slot && *slot != *answer) contradicted[item->number - 1] = true;
    slot = answer;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (contradicted[i]) out[i].reset();
  if (any_number) return out;
  // Without numbers only if it is plain which answer belongs to which question.
  if (count == 1 && !plain.empty())
    out[0] = plain[0] ? plain[0] : plain.back();
  else if (plain.size() == count)
    out = plain;
  return out;
}

std::optional<bool> parse_verdict(std::string_view reply) {
  bool right = false, wrong = false, negated = false;
  for (const std::string& word : words_of(without_thoughts(reply))) {
    if (word == "incorrect") wrong = true;
    if (word == "correct") (negated ? wrong : right) = true;
    negated = word == "not" || word.ends_with("n't");
  }
  if (right == wrong) return std::nullopt;
  return right;
}

std::optional<unsigned> parse_score(std::string_view reply) {
  // The number after "score", else the only number; "8/10" is 8, "out of 10" says nothing.
  std::optional<unsigned> after_word, only;
  bool several = false, after = false, of = false;
  const std::string_view text = without_thoughts(reply);
  for (std::size_t i = 0; i < text.size();) {
    if (is_letter(text[i])) {
      std::string word;
      while (i < text.size() && is_letter(text[i])) word += lower(text[i++]);
      after = word == "score" || word == "rating" || (after && (word == "is" || word == "of"));
      of = word == "of";
      continue;
    }
    if (!is_digit(text[i])) {
      of = text[i] == '/' || (of && text[i] == ' ');
      ++i;
      continue;
    }
    const std::size_t begin = i;
    unsigned value = 0;
    while (i < text.size() && is_digit(text[i]))
      value = std::min(value * 10 + static_cast<unsigned>(text[i++] - '0'), 999u);
    // 7.5 is no score; rounding it would be a rule that nobody asked for.
    const bool fraction = (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) ||
                          (begin > 1 && text[begin - 1] == '.' && is_digit(text[begin - 2])) ||
                          (begin > 0 && text[begin - 1] == '-');
    if (of && value == 10 && !after) continue;
    const bool valid = !fraction && value >= 1 && value <= 10;
    if (after && valid) after_word = value;
    several |= only.has_value() || !valid;
    only = value;
    after = of = false;
  }
  if (after_word) return after_word;
  return several ? std::nullopt : only;
}

std::optional<std::size_t> parse_selection(std::string_view reply, std::size_t count) {
  std::optional<std::size_t> out;
  for (const std::string& word : words_of(without_thoughts(reply))) {
    std::optional<std::size_t> said;
    if (word == "none") said = count;
    if (word.size() <= 4 && std::all_of(word.begin(), word.end(), is_digit)) {
      const std::size_t number = std::stoul(word);
      if (number < 1 || number > count) return std::nullopt;
      said = number - 1;
    }
    if (!said) continue;
    if (out && *out != *said) return std::nullopt;
    out = said;
  }
  return out;
}

std::string final_answer(std::string_view attempt) {
  attempt = without_thoughts(attempt);
  constexpr std::string_view kEnds = " \t\r\n$*.";
  constexpr std::string_view kBoxed = "\\boxed{";
  if (const std::size_t at = attempt.rfind(kBoxed); at != std::string_view::npos) {
    const std::string_view inside = attempt.substr(at + kBoxed.size());
    std::size_t depth = 1;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] == '{') ++depth;
      if (inside[i] == '}' && --depth == 0) return std::string(strip(inside.substr(0, i), kEnds));
    }
  }
  std::string_view last, answer;
  for (const std::string_view line : lines_of(attempt)) {
    if (line.empty()) continue;
    last = line;
    const std::string_view bare = strip(line, "*_# \t");
    constexpr std::string_view kLabel = "answer:";
    for (const std::string_view lead : {std::string_view(""), std::string_view("final ")}) {
      const std::size_t size = lead.size() + kLabel.size();
      if (bare.size() <= size) continue;
      const bool same =
          std::equal(bare.begin(), bare.begin() + static_cast<std::ptrdiff_t>(size),
                     (std::string(lead) + std::string(kLabel)).begin(), [](char a, char b) { return lower(a) == b; });
      if (same) answer = bare.substr(size);
    }
  }
  return std::string(strip(answer.empty() ? last : answer, kEnds));
}

}  // namespace koan::ask
