#include "remote/first_token.h"

#include <gtest/gtest.h>

#include <cmath>

namespace koan {
namespace {

TokenLogprob token(const std::string& text, double p) { return {text, std::log(p)}; }

std::vector<double> shares(const std::vector<TokenLogprob>& first, const std::vector<std::string>& choices) {
  const auto scores = weigh_choices(first, choices);
  EXPECT_TRUE(scores) << scores.error().message;
  std::vector<double> out;
  for (const ChoiceScore& score : *scores) {
    EXPECT_NEAR(score.bits, -std::log2(std::ldexp(static_cast<double>(score.weight), -40)), 1e-6);
    out.push_back(std::ldexp(static_cast<double>(score.weight), -40));
  }
  return out;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-9) << i;
}

TEST(FirstToken, WeighsChoices) {
  expect_near(shares({token("yes", 0.6), token("no", 0.3), token("The", 0.1)}, {"yes", "no"}), {0.6, 0.3});
  // Spaces in front, parts of a word, and what goes on after it.
  expect_near(shares({token(" yes", 0.5), token("y", 0.1), token("yes,", 0.05), token("no", 0.3)}, {"yes", "no"}),
              {0.65, 0.3});
  // A beginning of both says nothing; the longer choice is the one written out.
  expect_near(shares({token("A", 0.5), token("AB", 0.2), token("C", 0.3)}, {"A", "AB"}), {0.2, 0.2});
  // Not listed: at most as probable as the last that is.
  expect_near(shares({token("yes", 0.9), token("The", 0.01)}, {"yes", "no"}), {0.9, 0.01});
  expect_near(shares({{"yes", 0.5}}, {"yes", "no"}), {1, 1});  // no logarithm of a probability; never above 1
}

TEST(FirstToken, WhatCannotBeWeighed) {
  const std::vector<std::string> choices{"yes", "no"};
  EXPECT_EQ(weigh_choices({}, choices).error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(weigh_choices(std::vector{token("Well", 1)}, choices).error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(weigh_choices(std::vector{token(" ", 1)}, choices).error().code, ErrorCode::kNotSupported);
  EXPECT_TRUE(checked_choices(choices));
  EXPECT_EQ(checked_choices({}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(checked_choices(std::vector<std::string>{"a", " "}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(checked_choices(std::vector<std::string>{"a", " a"}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace koan
