// 200 solutions of each benchmark in ../shared grade as right, and 200 that were changed grade as wrong. Misses are
// listed by their ids.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/split_mix.h"
#include "grade/number.h"
#include "grade/test_grade.h"
#include "tasks/task.h"

namespace koan::tasks {
namespace {

const std::string kFolder = KOAN_SOURCE_DIR "/../shared/corpus/benchmarks";
constexpr std::size_t kProblems = 200;

using Make = std::function<std::string(const Problem&, std::uint64_t& random)>;

std::string right_number(const Problem& problem, std::uint64_t&) {
  if (!problem.solution.empty() && problem.solution.find("def ") == std::string::npos)
    return problem.solution + "\n#### " + problem.target.reference;
  return "Answer: " + problem.target.reference;
}

// Another digit in the number.
std::string changed_number(std::string text, std::uint64_t& random) {
  std::vector<std::size_t> digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool exponent = i > 0 && (text[i - 1] == '-' || text[i - 1] == 'e') && text.find('e') < i;
    if (std::isdigit(static_cast<unsigned char>(text[i])) != 0 && !exponent) digits.push_back(i);
  }
  if (digits.empty()) return "";
  char& digit = text[digits[split_mix(random) % std::min<std::size_t>(digits.size(), 4)]];
  digit = static_cast<char>('0' + (digit - '0' + 1 + static_cast<int>(split_mix(random) % 9)) % 10);
  return text;
}

std::string wrong_number(const Problem& problem, std::uint64_t& random) {
  return "Answer: " + changed_number(problem.target.reference, random);
}

std::string right_math(const Problem& problem, std::uint64_t&) { return problem.solution; }

// Another digit in the answer; where it has none, one more.
std::string wrong_math(const Problem& problem, std::uint64_t& random) {
  const std::string changed = changed_number(problem.target.reference, random);
  return "Answer: $" + (changed.empty() ? problem.target.reference + "+1" : changed) + "$";
}

std::string right_letter(const Problem& problem, std::uint64_t&) {
  return "A reason is hard to give. I think that\n\nAnswer: " + problem.target.reference;
}
std::string wrong_letter(const Problem& problem, std::uint64_t& random) {
  const auto gold = static_cast<std::size_t>(problem.target.reference[0] - 'A');
  const std::size_t other = (gold + 1 + split_mix(random) % (problem.target.choices - 1)) % problem.target.choices;
  return std::string("A reason is hard to give. Answer: ") + static_cast<char>('A' + other);
}

std::string right_code(const Problem& problem, std::uint64_t&) {
  return "Here it is.\n\n```python\n" + problem.solution + "\n```\n";
}
// The function gives something else back.
std::string wrong_code(const Problem& problem, std::uint64_t&) {
  const std::string& name = problem.target.code.entry_point;
  if (!problem.target.code.prompt.empty()) return "```python\ndef " + name + "(*values):\n    return 'broken'\n```";
  return "```python\n" + problem.solution + "\n\n_gold = " + name + "\n\ndef " + name +
         "(*values, **names):\n    return 'broken'\n```";
}

struct Case {
  const char* task;
  Make right, wrong;
};
void PrintTo(const Case& with, std::ostream* out) { *out << with.task; }

class Gold : public ::testing::TestWithParam<Case> {};

TEST_P(Gold, RightAndChanged) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "NOT TESTED: there is no " << kFolder;
  const Case& with = GetParam();
  const auto task = find_task(with.task);
  ASSERT_TRUE(task);
  const auto problems = load_problems(*task, {kFolder, 7, kProblems});
  ASSERT_TRUE(problems) << problems.error().message;
  const bool code = problems->front().target.kind == grade::Kind::kCode;
  if (code && !grade::has_python()) GTEST_SKIP() << "no python3";
  grade::Means means;
  if (code) means.run = grade::run_trusted;
  std::uint64_t random = 1;
  std::size_t right = 0, wrong = 0;
  for (const Problem& problem : *problems) {
    const auto good = grade::grade(problem.target, with.right(problem, random), means);
    const auto bad = grade::grade(problem.target, with.wrong(problem, random), means);
    ASSERT_TRUE(good && bad);
    right += good->right ? 1 : 0;
    wrong += bad->right ? 0 : 1;
    EXPECT_TRUE(good->right) << problem.id << ": " << good->why;
    EXPECT_FALSE(bad->right) << problem.id << ": " << bad->answer << " passes for " << problem.target.reference;
  }
  std::printf("%s: %zu problems, %zu solutions right, %zu changed ones wrong\n", with.task, problems->size(), right,
              wrong);
  EXPECT_GE(problems->size(), std::string(with.task) == "humaneval" ? 164u : kProblems);
}

INSTANTIATE_TEST_SUITE_P(
    Benchmarks, Gold,
    ::testing::Values(Case{"gsm8k", right_number, wrong_number}, Case{"svamp", right_number, wrong_number},
                      Case{"asdiv", right_number, wrong_number}, Case{"gsm_hard", right_number, wrong_number},
                      Case{"math_algebra", right_math, wrong_math}, Case{"math_geometry", right_math, wrong_math},
                      Case{"math_number_theory", right_math, wrong_math}, Case{"math", right_math, wrong_math},
                      Case{"mmlu_pro", right_letter, wrong_letter}, Case{"mbpp", right_code, wrong_code},
                      Case{"humaneval", right_code, wrong_code}),
    [](const auto& test) { return std::string(test.param.task); });

// Every answer of MATH is the same as itself, and every solution grades as right.
TEST(GoldOfMath, AllAnswersAreThemselves) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << "NOT TESTED: there is no " << kFolder;
  const auto problems = load_problems(*find_task("math"), {kFolder, 0, 0});
  ASSERT_TRUE(problems);
  EXPECT_EQ(problems->size(), 5000u);
  for (const Problem& problem : *problems) {
    EXPECT_TRUE(grade::same(problem.target, problem.target.reference + " ", problem.target.reference))
        << problem.id << " " << problem.target.reference;
    const auto graded = grade::grade(problem.target, problem.solution, {});
    EXPECT_TRUE(graded->right) << problem.id << ": " << graded->why;
  }
}

}  // namespace
}  // namespace koan::tasks
