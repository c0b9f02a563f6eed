#include "rewrite/answer.h"

#include <gtest/gtest.h>

#include "rewrite/notation.h"

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

TEST(Answer, IsFoundAndHidden) {
  for (const Case& c : kCases) {
    const auto found = final_answer(c.text);
    EXPECT_EQ(found.value_or("(none)"), c.answer == nullptr ? "(none)" : c.answer) << c.text;
    EXPECT_EQ(hide_answer(c.text, found.value_or("")), c.hidden);
  }
}

TEST(Answer, HeadingWithTheAnswerBelow) {
  EXPECT_EQ(final_answer("**Answer:**\n17 apples"), "17 apples");
  EXPECT_EQ(final_answer("## Answer\nsomething"), std::nullopt) << "a heading without a colon says too little";
}

TEST(Answer, NothingHiddenIsLeftBehind) {
  const char* text = "We get 5+6 = 11.\nThe answer is 11.\n\\boxed{11}";
  EXPECT_EQ(hide_answer(text, "11").find("11"), std::string::npos);
  for (const AnswerSpan& span : stated_answers(text)) {
    EXPECT_LT(span.begin, span.end);
    EXPECT_EQ(std::string_view(text).substr(span.begin, span.end - span.begin), "11");
  }
}

TEST(Answer, OfAReply) {
  EXPECT_EQ(answer_of_reply("42"), "42");
  EXPECT_EQ(answer_of_reply(" 3/4 \n"), "3/4");
  EXPECT_EQ(answer_of_reply("I think it is 7.\nOr rather 8 of them, when I come to think about it."), "8");
  EXPECT_EQ(answer_of_reply("Long text.\nThe answer is 9. There were 10 of them."), "9");
  EXPECT_EQ(answer_of_reply("a text of words only\nthat says nothing"), "");
  EXPECT_EQ(answer_of_reply(""), "");
}

TEST(Answer, SameUpToNotation) {
  const std::pair<const char*, const char*> same[] = {
      {"42", "42."},
      {"42", "$42$"},
      {"1/2", "0.5"},
      {"\\frac{1}{2}", "0.50"},
      {"\\dfrac12", "1/2"},
      {"-\\frac{3}{6}", "-.5"},
      {"1,234", "1234"},
      {"12,345,678", "12345678"},
      {"50%", "\\frac12"},
      {"x = 3", "x=3"},
      {"\\text{(A)}", "(a)"},
      {"\\left(1,2\\right)", "(1, 2)"},
      {"+7", "7"},
      {"7.0", "7"},
      {"\\boxed{9}", "9"},
      {"2\\%", "0.02"},
  };
  for (const auto& [a, b] : same) {
    EXPECT_TRUE(same_answer(a, b)) << a << " " << b;
    EXPECT_TRUE(same_answer(b, a)) << b << " " << a;
  }
  const std::pair<const char*, const char*> other[] = {{"42", "43"}, {"1/3", "0.333"}, {"", ""},    {"(1,234)", "1234"},
                                                       {"a", "b"},   {"1/0", "0/1"},   {"-1", "1"}, {"x=3", "3"}};
  for (const auto& [a, b] : other) EXPECT_FALSE(same_answer(a, b)) << a << " " << b;
}

TEST(Notation, LastNumber) {
  EXPECT_EQ(last_number("1 and 2,500.75 apples"), "2,500.75");
  EXPECT_EQ(last_number("x = -3."), "-3");
  EXPECT_EQ(last_number("7-3"), "3");
  EXPECT_EQ(last_number("none"), "");
  EXPECT_EQ(last_number("-8"), "-8");
}

TEST(Notation, BracesAndNumbers) {
  EXPECT_EQ(closing_brace("{a{b}c}d", 0), 6u);
  EXPECT_EQ(closing_brace("{\\}}", 0), 3u);
  EXPECT_EQ(closing_brace("{a", 0), std::nullopt);
  EXPECT_EQ(rational("1234567890123456"), std::nullopt) << "more digits than are compared by value";
  EXPECT_EQ(rational("6/-4"), (Rational{-3, 2}));
  EXPECT_EQ(rational("1/0"), std::nullopt);
  EXPECT_EQ(rational("--2"), (Rational{2, 1}));
  EXPECT_EQ(rational("\\frac{a}{2}"), std::nullopt);
}

}  // namespace
}  // namespace koan
