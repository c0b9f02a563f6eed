#include "tasks/problem.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/split_mix.h"
#include "chat/prompt.h"
#include "grade/answer.h"
#include "grade/number.h"
#include "tasks/entry_point.h"
#include "text/strip.h"

namespace koan::tasks {
namespace {

constexpr std::size_t kMostChoices = 26;

Error bad(const std::string& field, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "field '" + field + "' " + what};
}

// A value as text: strings as they are, numbers and flags as JSON writes them, lists of strings a line each.
std::string text_of(const JsonDocument& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump(-1, ' ', false, JsonDocument::error_handler_t::replace);
  std::string out;
  for (const JsonDocument& item : value) out += (out.empty() ? "" : "\n") + text_of(item);
  return out;
}

class Fields {
 public:
  Fields(const TaskData& data, const Row& row) : data_(data), row_(row) {}

  // Of our name, the first of the file's names that the row has with a value; null: none.
  const JsonDocument* find(const std::string& name) const {
    const auto names = data_.fields.find(name);
    if (names == data_.fields.end()) return nullptr;
    for (const std::string& theirs : names->second) {
      const auto value = row_.fields.find(theirs);
      if (value != row_.fields.end() && !value->is_null()) return &*value;
    }
    return nullptr;
  }
  std::string text(const std::string& name) const {
    const JsonDocument* value = find(name);
    return value == nullptr ? std::string() : text_of(*value);
  }
  Result<std::string> needed(const std::string& name) const {
    std::string out = text(name);
    if (strip(out).empty()) return bad(named(name), "is missing or empty");
    return out;
  }
  // A list, or one text; or of several names one text each.
  Result<std::vector<std::string>> list(const std::string& name) const {
    std::vector<std::string> out;
    const JsonDocument* value = find(name);
    if (value == nullptr) return bad(named(name), "is missing");
    if (value->is_string() && data_.fields.at(name).size() > 1 && name == "incorrect") {
      for (const std::string& theirs : data_.fields.at(name)) {
        const auto one = row_.fields.find(theirs);
        if (one == row_.fields.end() || !one->is_string()) return bad(theirs, "is missing");
        out.push_back(one->get<std::string>());
      }
    } else if (value->is_array()) {
      for (const JsonDocument& item : *value) out.push_back(text_of(item));
    } else {
      out.push_back(text_of(*value));
    }
    return out;
  }

 private:
  std::string named(const std::string& name) const {
    const auto names = data_.fields.find(name);
    return names == data_.fields.end() ? name : names->second.front();
  }

  const TaskData& data_;
  const Row& row_;
};

std::optional<std::uint32_t> last_digits(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(text[begin - 1])) != 0) --begin;
  if (begin == text.size() || text.size() - begin > 9) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(std::string(text.substr(begin))));
}

Result<grade::Kind> kind_of(const TaskData& data, const Row& row) {
  const GraderRule& rule = data.grader;
  if (rule.field.empty()) return rule.kind;
  const auto value = row.fields.find(rule.field);
  if (value == row.fields.end()) return bad(rule.field, "is missing");
  const auto kind = rule.by_value.find(text_of(*value));
  if (kind == rule.by_value.end()) return bad(rule.field, "is '" + text_of(*value) + "', which has no grader");
  return kind->second;
}

// A worked solution says at its end what the answer is; a bare answer is one.
std::string reference_of(const std::string& answer) {
  if (answer.find("\\boxed") == std::string::npos && answer.find("####") == std::string::npos)
    return std::string(strip(answer));
  return grade::final_answer(answer).value_or(std::string(strip(answer)));
}

std::string lettered(const std::vector<std::string>& choices) {
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i)
    out += (i == 0 ? "" : "\n") + std::string(1, static_cast<char>('A' + i)) + ". " + std::string(strip(choices[i]));
  return out;
}

// Lines that begin with A, B, ... in the question itself (HLE).
std::size_t choices_within(std::string_view question) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < question.size() && out < kMostChoices;) {
    const std::size_t end = std::min(question.find('\n', at), question.size());
    const std::string_view line = strip(question.substr(at, end - at), " \t\r(*");
    if (line.size() > 1 && line[0] == static_cast<char>('A' + out) &&
        (line[1] == '.' || line[1] == ')' || line[1] == ':'))
      ++out;
    at = end + 1;
  }
  return out;
}

class Builder {
 public:
  Builder(const TaskData& data, const Row& row, std::uint64_t seed) : data_(data), fields_(data, row), seed_(seed) {}

  Result<Problem> build(grade::Kind kind, std::uint64_t index) {
    KOAN_ASSIGN(out_.id, fields_.needed("id"));
    out_.solution = fields_.text("solution");
    out_.level = fields_.text("level");
    out_.subject = fields_.text("subject");
    out_.target.kind = kind;
    if (data_.fields.contains("question")) {
      KOAN_ASSIGN(out_.target.question, fields_.needed("question"));
      show_["question"] = std::string(strip(out_.target.question));
    }
    if (kind == grade::Kind::kCode) {
      KOAN_TRY(code());
    } else if (kind == grade::Kind::kLetter) {
      KOAN_TRY(letter(index));
    } else {
      KOAN_ASSIGN(const std::string answer, fields_.needed("answer"));
      out_.target.reference = reference_of(answer);
    }
    out_.text = fill(Prompt{"", data_.text}, show_)[1].content;
    return std::move(out_);
  }

 private:
  Status letter(std::uint64_t index) {
    std::vector<std::string> choices;
    std::size_t gold = kMostChoices;
    if (data_.fields.contains("correct")) {
      KOAN_ASSIGN(const std::string correct, fields_.needed("correct"));
      KOAN_ASSIGN(choices, fields_.list("incorrect"));
      choices.insert(choices.begin(), correct);
      std::vector<std::size_t> order(choices.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::uint64_t state = mix64(seed_ ^ mix64(index + 1));
      shuffle(order, state);
      std::vector<std::string> shuffled;
      for (const std::size_t i : order) shuffled.push_back(choices[i]);
      gold = static_cast<std::size_t>(std::find(order.begin(), order.end(), 0u) - order.begin());
      choices = std::move(shuffled);
    } else {
      KOAN_ASSIGN(const std::string letter, fields_.needed("answer"));
      const std::string_view bare = strip(letter);
      if (bare.size() != 1 || bare[0] < 'A' || bare[0] > 'Z') return bad("answer", "is '" + letter + "', not a letter");
      gold = static_cast<std::size_t>(bare[0] - 'A');
      if (data_.fields.contains("choices")) {
        KOAN_ASSIGN(choices, fields_.list("choices"));
      }
    }
    const bool listed = !choices.empty();
    out_.target.choices = listed ? choices.size() : std::max(choices_within(out_.target.question), gold + 1);
    if (out_.target.choices > kMostChoices || gold >= out_.target.choices)
      return bad("answer", "is not one of the choices");
    out_.target.reference = std::string(1, static_cast<char>('A' + gold));
    show_["choices"] = lettered(choices);
    return {};
  }

  Status code() {
    grade::CodeTests& code = out_.target.code;
    KOAN_ASSIGN(code.tests, fields_.list("tests"));
    if (code.tests.empty()) return bad("tests", "is empty");
    code.setup = fields_.text("setup");
    code.prompt = fields_.text("prompt");
    code.entry_point = fields_.text("entry_point");
    if (code.entry_point.empty())
      code.entry_point =
          code.prompt.empty() ? called_function(code.tests.front(), out_.solution) : last_function(code.prompt);
    if (code.prompt.empty()) {
      show_["signature"] = "a function " + signature(code.entry_point, out_.solution);
    } else {
      show_["prompt"] = code.prompt;
      if (out_.target.question.empty()) out_.target.question = code.prompt;
      if (code.entry_point.empty()) return bad("entry_point", "is missing, and the prompt defines no function");
      call_check(code);
    }
    show_["first_test"] = code.tests.front();
    return {};
  }

  // HumanEval's tests define check(candidate); not every edition of the file calls it.
  static void call_check(grade::CodeTests& code) {
    std::string& test = code.tests.back();
    const bool defined = test.find("def check(") != std::string::npos;
    if (defined && test.find("\ncheck(") == std::string::npos) test += "\ncheck(" + code.entry_point + ")\n";
  }

  const TaskData& data_;
  Fields fields_;
  std::uint64_t seed_;
  PromptFields show_;
  Problem out_;
};

}  // namespace

bool is_kept(const TaskData& data, const Row& row) {
  return std::all_of(data.keep.begin(), data.keep.end(), [&](const Condition& condition) {
    const auto value = row.fields.find(condition.field);
    const std::string text = value == row.fields.end() ? "null" : text_of(*value);
    if (!condition.is.empty() && std::find(condition.is.begin(), condition.is.end(), text) == condition.is.end())
      return false;
    if (condition.number && !grade::is_number_with_unit(text)) return false;
    if (condition.to == 0) return true;
    const auto number = last_digits(text);
    return number && *number >= condition.from && *number <= condition.to;
  });
}

Result<Problem> problem_of(const TaskData& data, const Row& row, std::uint64_t seed, std::uint64_t index) {
  KOAN_ASSIGN(const grade::Kind kind, kind_of(data, row));
  return Builder(data, row, seed).build(kind, index);
}

}  // namespace koan::tasks
