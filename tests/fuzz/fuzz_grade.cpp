// Answers and replies that models write, against each other: the two halves of the input, cut at the first line of
// dashes. And a benchmark's file as CSV and JSON lines.
#include "fuzz.h"
#include "grade/code.h"
#include "grade/judge.h"
#include "grade/math.h"
#include "grade/number.h"
#include "tasks/rows.h"

namespace koan::fuzz {
namespace {

void check_answers(std::string_view a, std::string_view b) {
  require(grade::same_math(a, b) == grade::same_math(b, a), "sameness has no direction");
  require(grade::same_number(a, b) == grade::same_number(b, a), "sameness of numbers has no direction");
  require(!grade::same_math(a, ""), "nothing is the same as no answer");
}

void check_reply(std::string_view reply) {
  for (const grade::Kind kind : {grade::Kind::kNumber, grade::Kind::kMath, grade::Kind::kLetter}) {
    grade::Target target;
    target.kind = kind;
    target.reference = "B";
    target.choices = 4;
    const auto graded = grade::grade(target, reply, {});
    require(graded.has_value(), "a reply is graded");
    require(graded->right == graded->why.empty(), "a wrong one says why");
    require(kind != grade::Kind::kLetter || graded->answer.size() <= 1, "a letter is one");
  }
  grade::CodeTests tests;
  tests.entry_point = "f";
  tests.tests = {"assert f(1)"};
  for (const char* prompt : {"", "def f(x):\n    \"\"\"x\"\"\"\n"}) {
    tests.prompt = prompt;
    grade::test_program(tests, grade::code_of_reply(reply, tests));
  }
  grade::parse_judgement(reply);
}

void check_rows(std::string_view text) {
  if (const auto rows = tasks::parse_csv(text))
    for (const tasks::Row& row : *rows)
      require(row.fields.size() == rows->front().fields.size(), "rows have one width");
  if (const auto rows = tasks::parse_jsonl(text))
    for (const tasks::Row& row : *rows) require(row.fields.is_object(), "a line is an object");
}

}  // namespace
}  // namespace koan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const std::string_view text = as_text(ByteView(data, size));
  const std::size_t cut = std::min(text.find("\n---\n"), text.size());
  const std::string_view rest = text.substr(std::min(cut + 5, text.size()));
  fuzz::check_answers(text.substr(0, cut), rest);
  fuzz::check_reply(text);
  fuzz::check_rows(text);
  return 0;
}
