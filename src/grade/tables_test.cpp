// Every grader against its table of tricky cases in tests/grade, rows Q5 to Q14 of the paper's scripts among them.
#include "grade/judge.h"
#include "grade/math.h"
#include "grade/test_grade.h"

namespace koan::grade {
namespace {

const std::string kTables = KOAN_SOURCE_DIR "/tests/grade/";

TEST(Tables, Math) {
  for (const TableRow& row : read_table(kTables + "math.tsv", false)) {
    ASSERT_GE(row.cells.size(), 3u) << "line " << row.line;
    const bool expected = row.cells[0] == "=";
    ASSERT_TRUE(expected || row.cells[0] == "!") << "line " << row.line;
    for (const bool turned : {false, true}) {
      const std::string &a = row.cells[turned ? 2 : 1], &b = row.cells[turned ? 1 : 2];
      EXPECT_EQ(same_math(a, b), expected) << "line " << row.line << ": " << a << " and " << b;
    }
    EXPECT_EQ(same_math(row.cells[1], row.cells[1]), !row.cells[1].empty()) << row.cells[1];
  }
}

TEST(Tables, MathReplies) {
  for (const TableRow& row : read_table(kTables + "math_replies.tsv", false)) {
    ASSERT_GE(row.cells.size(), 2u) << "line " << row.line;
    // "\n" only where it is no command of LaTeX.
    EXPECT_EQ(math_of_reply(replaced(row.cells[0], "\\nA", "\nA")), row.cells[1]) << "line " << row.line;
  }
}

TEST(Tables, Numbers) {
  for (const TableRow& row : read_table(kTables + "number.tsv", true)) {
    ASSERT_GE(row.cells.size(), 3u) << "line " << row.line;
    Target target;
    target.reference = row.cells[1];
    const auto graded = grade(target, row.cells[2], {});
    ASSERT_TRUE(graded);
    EXPECT_EQ(graded->right, row.cells[0] == "=")
        << "line " << row.line << ": '" << graded->answer << "' of " << row.cells[2] << " " << graded->why;
    EXPECT_EQ(graded->right, graded->why.empty());
  }
}

TEST(Tables, Letters) {
  for (const TableRow& row : read_table(kTables + "letter.tsv", true)) {
    ASSERT_GE(row.cells.size(), 3u) << "line " << row.line;
    Target target;
    target.kind = Kind::kLetter;
    target.choices = std::stoul(row.cells[0]);
    EXPECT_EQ(answer_of(target, row.cells[2]), row.cells[1]) << "line " << row.line << ": " << row.cells[2];
  }
}

TEST(Tables, Judgements) {
  for (const TableRow& row : read_table(kTables + "judge.tsv", true)) {
    ASSERT_EQ(row.cells.size(), 2u) << "line " << row.line;
    const auto verdict = parse_judgement(row.cells[1]);
    EXPECT_EQ(!verdict ? "none" : *verdict ? "CORRECT" : "INCORRECT", row.cells[0]) << "line " << row.line;
  }
}

// Whoever calls the graders gets the same answer compared as graded.
TEST(Graders, SameAgreesWithGrade) {
  Target target;
  target.kind = Kind::kMath;
  target.reference = "\\frac{1}{2}";
  const std::string a = answer_of(target, "Answer: $0.5$"), b = answer_of(target, "so \\boxed{\\tfrac12}");
  EXPECT_TRUE(same(target, a, b));
  EXPECT_TRUE(grade(target, "Answer: $0.5$", {})->right);
  EXPECT_FALSE(same(target, a, ""));
  EXPECT_FALSE(same(target, "", ""));
}

TEST(Graders, MissingMeansAreAnError) {
  Target target;
  target.kind = Kind::kCode;
  EXPECT_EQ(grade(target, "def f(): pass", {}).error().code, ErrorCode::kUsage);
  target.kind = Kind::kJudge;
  EXPECT_EQ(grade(target, "text", {}).error().code, ErrorCode::kUsage);
}

// Limits hold, and nothing takes long.
TEST(Graders, HugeAndDeepExpressionsEnd) {
  const auto many = [](const std::string& text, std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += text;
    return out;
  };
  EXPECT_FALSE(same_math(many("(", 3000), many("(", 2999)));
  EXPECT_TRUE(same_math(many("(", 20) + "x" + many(")", 20), "x"));
  EXPECT_FALSE(same_math(many("\\frac{1}{", 200) + "x" + many("}", 200), "x"));
  EXPECT_FALSE(same_math(many("2100!", 800), "x"));
  EXPECT_FALSE(same_math(many("x^", 1500) + "2", "x"));
  EXPECT_FALSE(same_math(many("1,", 2000) + "1", "x"));
  EXPECT_FALSE(same_math(many("9", 4000), many("8", 4000)));
  EXPECT_TRUE(same_math(many("9", 4000), many("9", 4000)));
}

}  // namespace
}  // namespace koan::grade
