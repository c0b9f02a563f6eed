#include "grade/code.h"

#include "base/file.h"
#include "formats/json_document.h"
#include "grade/test_grade.h"

namespace koan::grade {
namespace {

std::string text_of(const JsonDocument& object, const char* key) {
  return object.contains(key) ? object[key].get<std::string>() : "";
}

TEST(Code, Table) {
  if (!has_python()) GTEST_SKIP() << "no python3";
  const auto bytes = read_file(KOAN_SOURCE_DIR "/tests/grade/code.json", 1 << 20);
  ASSERT_TRUE(bytes);
  const auto table = parse_json_document(as_text(*bytes), 1 << 20);
  ASSERT_TRUE(table) << table.error().message;
  Means means;
  means.run = run_trusted;
  for (const JsonDocument& one : (*table)["cases"]) {
    Target target;
    target.kind = Kind::kCode;
    target.code.setup = text_of(one, "setup");
    target.code.prompt = text_of(one, "prompt");
    target.code.entry_point = "f";
    target.code.tests = {"assert f(1) == 2", "assert f(2) == 3", "assert [f(x) for x in (3, 4)] == [4, 5]"};
    const auto graded = grade(target, text_of(one, "reply"), means);
    ASSERT_TRUE(graded) << graded.error().message;
    EXPECT_EQ(graded->right, one["right"].get<bool>()) << text_of(one, "name") << ": " << graded->why << "\n"
                                                       << graded->answer;
    EXPECT_EQ(graded->right, graded->why.empty()) << text_of(one, "name");
  }
}

TEST(Code, SaysWhichTestFailed) {
  if (!has_python()) GTEST_SKIP() << "no python3";
  CodeTests tests;
  tests.tests = {"assert f(1) == 1", "assert f(2) == 3, 'not three'"};
  const auto said = run_trusted(test_program(tests, "def f(x):\n    return x\n"));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->why, "test 2 of 2: AssertionError: not three");
}

}  // namespace
}  // namespace koan::grade
