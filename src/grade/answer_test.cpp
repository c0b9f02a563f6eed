#include "grade/answer.h"

#include <gtest/gtest.h>

#include "grade/notation.h"

namespace koan::grade {
namespace {

TEST(Answer, HeadingWithTheAnswerBelow) {
  EXPECT_EQ(final_answer("**Answer:**\n17 apples"), "17 apples");
  EXPECT_EQ(final_answer("## Answer\nsomething"), std::nullopt) << "a heading without a colon says too little";
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
}  // namespace koan::grade
