#include "eval/test_set.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

const EvalFields kFields{"text", "prompt", "group"};

TEST(TestSet, TakesTextPromptAndGroup) {
  const auto set = parse_test_set(as_bytes("{\"prompt\": \"p\", \"text\": \"\\u00e4b\", \"group\": \"g\"}\n"
                                           "{\"text\": \"two\", \"prompt\": \"\", \"more\": [1]}"),
                                  kFields);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->texts, (std::vector<std::string>{"\xC3\xA4"
                                                  "b",
                                                  "two"}));
  EXPECT_EQ(set->has_context, (std::vector<bool>{true, false}));
  EXPECT_EQ(set->groups, (std::vector<std::string>{"g", ""}));
  EXPECT_EQ(set->text_bytes, 6u);
}

TEST(TestSet, NamesTheLineThatIsWrong) {
  const std::string good = "{\"text\": \"x\"}\n";
  for (const std::string bad :
       {"{\"text\": 3}", "{\"prompt\": \"x\"}", "{\"text\": \"\"}", "[]", "", "{\"text\": \"x\""}) {
    const auto set = parse_test_set(as_bytes(good + bad + "\n" + good), kFields);
    ASSERT_FALSE(set) << bad;
    EXPECT_EQ(set.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(set.error().message.starts_with("line 2: ")) << set.error().message;
  }
  const auto empty = parse_test_set({}, kFields);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace koan
