#include "rewrite/hide.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "grade/answer.h"
#include "text/strip.h"

namespace koan {
namespace {

using grade::AnswerSpan;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<signed char>(c) < 0; }

// Whether what goes before says that a result follows: "=", "≈" or the word "is".
bool says_result(std::string_view before) {
  while (!before.empty() && (is_space(before.back()) || before.back() == '$' || before.back() == '*'))
    before.remove_suffix(1);
  if (before.ends_with("=") || before.ends_with("\\approx") || before.ends_with("\xE2\x89\x88")) return true;
  return before.ends_with("is") && (before.size() == 2 || !is_word(before[before.size() - 3]));
}

// Whether text[at, at + size) is not a part of a longer number or word.
bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
  const char first = text[at], last = text[at + size - 1];
  const auto number_goes_on = [&](std::size_t point, std::size_t digit) {
    return digit < text.size() && (text[point] == '.' || text[point] == ',') &&
           std::isdigit(static_cast<unsigned char>(text[digit])) != 0;
  };
  if (at > 0 && is_word(first) && is_word(text[at - 1])) return false;
  const std::size_t end = at + size;
  if (end < text.size() && is_word(last) && (is_word(text[end]) || number_goes_on(end, end + 1))) return false;
  return at < 2 || !is_word(first) || !number_goes_on(at - 1, at - 2);
}

// A result that goes on ("= 42 + x") is not the answer.
bool ends_there(std::string_view after) {
  while (!after.empty() && (after.front() == ' ' || after.front() == '$' || after.front() == '*'))
    after.remove_prefix(1);
  constexpr std::string_view kGoesOn = "+-*/^=<>_\\";
  return after.empty() || kGoesOn.find(after.front()) == std::string_view::npos;
}

}  // namespace

std::string hide_answer(std::string_view text, std::string_view answer) {
  std::vector<AnswerSpan> spans = grade::stated_answers(text);
  const std::size_t stated = spans.size();
  for (std::size_t at = answer.empty() ? text.npos : text.find(answer); at != text.npos;
       at = text.find(answer, at + 1)) {
    const std::size_t end = at + answer.size();
    const auto overlaps = [&](const AnswerSpan& span) { return span.begin < end && at < span.end; };
    if (stands_alone(text, at, answer.size()) && says_result(text.substr(0, at)) && ends_there(text.substr(end)) &&
        std::none_of(spans.begin(), spans.end(), overlaps))
      spans.push_back({at, end, grade::Announcement::kBold});
  }
  if (spans.size() > stated)
    std::sort(spans.begin(), spans.end(), [](const AnswerSpan& a, const AnswerSpan& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t from = 0;
  for (const AnswerSpan& span : spans) {
    out += text.substr(from, span.begin - from);
    out += kHidden;
    from = span.end;
  }
  return out += text.substr(from);
}

}  // namespace koan
