#include "grade/grade.h"

#include "grade/answer.h"
#include "grade/code.h"
#include "grade/judge.h"
#include "grade/letter.h"
#include "grade/math.h"
#include "grade/number.h"
#include "grade/thoughts.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

constexpr std::size_t kMostShown = 200;  // bytes of an answer in an explanation

std::string shown(std::string_view text) {
  if (text.size() <= kMostShown) return std::string(text);
  return std::string(text.substr(0, kMostShown)) + "...";
}

Result<Grade> run_tests(const Target& target, const std::string& code, const Means& means) {
  if (!means.run) return Error{ErrorCode::kUsage, "a program cannot be graded without something to run it with"};
  Grade out;
  if (!strip(code).empty()) {
    KOAN_ASSIGN(out, means.run(test_program(target.code, code)));
  } else {
    out.why = "no answer";
  }
  out.answer = code;
  return out;
}

}  // namespace

std::string answer_of(const Target& target, std::string_view reply) {
  switch (target.kind) {
    case Kind::kNumber:
      return number_of_reply(reply);
    case Kind::kLetter:
      return letter_of_reply(reply, target.choices);
    case Kind::kCode:
      return code_of_reply(reply, target.code);
    case Kind::kMath:
      return math_of_reply(reply);
    case Kind::kJudge:
      break;
  }
  const std::string_view text = without_thoughts(reply);
  return final_answer(text).value_or(std::string(strip(text)));
}

bool same(const Target& target, std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  if (a == b) return true;
  switch (target.kind) {
    case Kind::kNumber:
      return same_number(a, b);
    case Kind::kLetter:
    case Kind::kCode:
      return false;
    case Kind::kMath:
    case Kind::kJudge:
      break;
  }
  return same_math(a, b);
}

Result<Grade> grade(const Target& target, std::string_view reply, const Means& means) {
  if (target.kind == Kind::kJudge) {
    if (means.judge == nullptr)
      return Error{ErrorCode::kUsage, "an answer in free form cannot be graded without a judge"};
    return judge(target, reply, *means.judge);
  }
  Grade out;
  out.answer = answer_of(target, reply);
  if (target.kind == Kind::kCode) return run_tests(target, out.answer, means);
  out.right = same(target, out.answer, target.reference);
  if (out.answer.empty()) {
    out.why = "no answer";
  } else if (!out.right) {
    out.why = shown(out.answer) + " is not " + shown(target.reference);
  }
  return out;
}

}  // namespace koan::grade
