#include "rewrite/hide.h"

#include <gtest/gtest.h>

#include "grade/answer.h"

namespace koan {
namespace {

struct Case {
  const char* text;
  const char* answer;  // as final_answer() has it
  const char* hidden;  // as hide_answer() leaves the text
};

// What the scripts of the paper got wrong (docs/rewrite.md) and what else occurs in solutions.
const Case kCases[] = {
    {R"(So \boxed{42}.)", "42", R"(So \boxed{???}.)"},
    {R"(Thus \boxed{\frac{1}{\sqrt{2}}}$.)", R"(\frac{1}{\sqrt{2}})", R"(Thus \boxed{???}$.)"},
    {R"(\boxed{\left\{1, \frac{2}{3}\right\}} done)", R"(\left\{1, \frac{2}{3}\right\})", R"(\boxed{???} done)"},
    {R"(\boxed {7} and \fbox{7})", "7", R"(\boxed {???} and \fbox{???})"},
    {R"(\boxed{12)", "12", R"(\boxed{???)"},
    {R"(\boxed{}, so \boxed{3})", "3", R"(\boxed{}, so \boxed{???})"},
    {"First \\boxed{5}? No: \\boxed{6}", "6", "First \\boxed{???}? No: \\boxed{???}"},
    // Intermediate results stay, the line that states the answer does not.
    {"3*4 = 12\n12+30 = 42\n\\boxed{42}", "42", "3*4 = 12\n12+30 = ???\n\\boxed{???}"},
    {"x = 42 + y\n\\boxed{42}", "42", "x = 42 + y\n\\boxed{???}"},
    {"n = 420, m = 1.42\n\\boxed{42}", "42", "n = 420, m = 1.42\n\\boxed{???}"},
    {"a = 42.5 and b = 42,000\n\\boxed{42}", "42", "a = 42.5 and b = 42,000\n\\boxed{???}"},
    {"so it is $42$.\n\\boxed{42}", "42", "so it is $???$.\n\\boxed{???}"},
    {"this 42\n\\boxed{42}", "42", "this 42\n\\boxed{???}"},
    // Prose.
    {"The answer is 42.", "42", "The answer is ???."},
    {"The answer is **42**.", "42", "The answer is **???**."},
    {"**Answer:** 3/4", "3/4", "**Answer:** ???"},
    {"**Final Answer**\n**17**", "17", "**Final Answer**\n**???**"},
    {"Final answer: $\\frac{3}{4}$, which is less than one.", "$\\frac{3}{4}$",
     "Final answer: ???, which is less than one."},
    {"The answer is 1, 2, 3.", "1, 2, 3", "The answer is ???."},
    {"The answer is x = 1, y = 2", "x = 1, y = 2", "The answer is ???"},
    {"The answer is 3.5 metres", "3.5 metres", "The answer is ???"},
    {"Therefore the answer is \\boxed{B}", "B", "Therefore the answer is \\boxed{???}"},
    {"Answers vary. #1", nullptr, "Answers vary. #1"},
    {"He spent 6*3 = 18\n#### 18", "18", "He spent 6*3 = ???\n#### ???"},
    {"##### 5\ntext", nullptr, "##### 5\ntext"},
    {"We find\n\nIt costs **$12** in all", "$12", "We find\n\nIt costs **???** in all"},
    {"**Step 1** add\nno more", nullptr, "**Step 1** add\nno more"},
    {"", nullptr, ""},
    {"nothing here", nullptr, "nothing here"},
};

TEST(Hide, IsFoundAndHidden) {
  for (const Case& c : kCases) {
    const auto found = grade::final_answer(c.text);
    EXPECT_EQ(found.value_or("(none)"), c.answer == nullptr ? "(none)" : c.answer) << c.text;
    EXPECT_EQ(hide_answer(c.text, found.value_or("")), c.hidden);
  }
}

TEST(Hide, NothingHiddenIsLeftBehind) {
  const char* text = "We get 5+6 = 11.\nThe answer is 11.\n\\boxed{11}";
  EXPECT_EQ(hide_answer(text, "11").find("11"), std::string::npos);
  for (const grade::AnswerSpan& span : grade::stated_answers(text)) {
    EXPECT_LT(span.begin, span.end);
    EXPECT_EQ(std::string_view(text).substr(span.begin, span.end - span.begin), "11");
  }
}

}  // namespace
}  // namespace koan
