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
  EXPECT_EQ(rational("a/2"), std::nullopt);
}

}  // namespace
}  // namespace koan::grade
