#include "remote/budget.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(Budget, WhatCallsCost) {
  const Spending without = spending_of(100, 20, std::nullopt);
  EXPECT_EQ(without.tokens, 120u);
  EXPECT_EQ(without.nano, 0u);
  // 3 a million is 3000 nano a token.
  EXPECT_EQ(spending_of(100, 20, Prices{3, 15}).nano, 100u * 3000 + 20u * 15000);
  EXPECT_EQ(spending_of(1, 0, Prices{0.0001, 0}).nano, 1u);  // rounded up
  const Spending most = spending_of(UINT64_MAX, UINT64_MAX, Prices{1e6, 1e6});
  EXPECT_EQ(most.tokens, std::uint64_t{1} << 60);
  EXPECT_EQ(most.nano, std::uint64_t{1} << 60);
}

TEST(Budget, TokensAreRefusedBeforeTheyAreExceeded) {
  Budget budget({.tokens = 100, .money = {}});
  ASSERT_TRUE(budget.reserve({60, 0}));
  const auto refused = budget.reserve({41, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudget);
  EXPECT_NE(refused.error().message.find("reserved 60, the next call may take up to 41, the budget is 100"),
            std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(budget.reserve({40, 0}));
  EXPECT_FALSE(budget.reserve({1, 0}));
  budget.settle({60, 0}, {10, 0});
  EXPECT_EQ(budget.spent().tokens, 10u);
  EXPECT_TRUE(budget.reserve({50, 0}));
  EXPECT_FALSE(budget.reserve({1, 0}));
  budget.settle({40, 0}, {40, 0});
  budget.settle({50, 0}, {150, 0});  // a server that said more than was asked for
  EXPECT_FALSE(budget.reserve({0, 0}));
  EXPECT_EQ(budget.spent().tokens, 200u);
}

TEST(Budget, Money) {
  Budget budget({.tokens = {}, .money = 0.5});
  EXPECT_TRUE(budget.limits_money());
  EXPECT_TRUE(budget.reserve({1000, 500'000'000}));
  EXPECT_FALSE(budget.reserve({0, 1}));
  budget.settle({1000, 500'000'000}, {10, 1'000'000});
  const auto refused = budget.reserve({0, 499'000'001});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("0.001000"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(budget.reserve({0, 499'000'000}));
  EXPECT_FALSE(Budget({}).limits_money());
  EXPECT_TRUE(Budget({}).reserve({1'000'000'000, 0}));
  EXPECT_FALSE(Budget({.tokens = 0, .money = {}}).reserve({1, 0}));
}

}  // namespace
}  // namespace koan
