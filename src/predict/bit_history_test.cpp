#include "predict/bit_history.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace koan {
namespace {

std::size_t after(std::size_t state, int bit) { return history_table().next[state][static_cast<std::size_t>(bit)]; }

std::size_t after_run(std::size_t state, int bit, int n) {
  while (n-- > 0) state = after(state, bit);
  return state;
}

TEST(BitHistory, EveryStateIsReachableAndLeadsToOne) {
  std::set<std::size_t> seen{0};
  std::vector<std::size_t> todo{0};
  while (!todo.empty()) {
    const std::size_t state = todo.back();
    todo.pop_back();
    for (const int bit : {0, 1}) {
      ASSERT_LT(after(state, bit), kHistoryStates);
      EXPECT_NE(after(state, bit), 0u) << "nothing forgets that it has seen something";
      if (seen.insert(after(state, bit)).second) todo.push_back(after(state, bit));
    }
  }
  EXPECT_EQ(seen.size(), kHistoryStates);
}

TEST(BitHistory, ZerosAndOnesAreTreatedAlike) {
  const HistoryTable& table = history_table();
  std::map<std::size_t, std::size_t> mirror{{0, 0}};
  std::vector<std::size_t> todo{0};
  while (!todo.empty()) {
    const std::size_t state = todo.back(), other = mirror[state];
    todo.pop_back();
    ASSERT_EQ(table.zeros[state], table.ones[other]);
    ASSERT_EQ(table.ones[state], table.zeros[other]);
    for (const int bit : {0, 1}) {
      const auto [at, is_new] = mirror.emplace(after(state, bit), after(other, 1 - bit));
      ASSERT_EQ(at->second, after(other, 1 - bit)) << "two paths to state " << at->first;
      if (is_new) todo.push_back(at->first);
    }
  }
  for (const auto& [state, other] : mirror) EXPECT_EQ(mirror[other], state);
}

TEST(BitHistory, CountsWhatHappenedAndDiscountsWhatDidNot) {
  const HistoryTable& table = history_table();
  EXPECT_EQ(table.zeros[0] + table.ones[0], 0);
  for (std::size_t state = 0; state < kHistoryStates; ++state) {
    const std::size_t one = after(state, 1);
    EXPECT_GE(table.ones[one], table.ones[state]) << state;
    EXPECT_LE(table.zeros[one], table.zeros[state]) << state;
    if (table.zeros[state] > 3) {
      EXPECT_LT(table.zeros[one], table.zeros[state]) << state;
    }
    EXPECT_GE(table.ones[one], 1) << state;
  }
  EXPECT_EQ(table.ones[after(0, 1)], 1);
  EXPECT_EQ(table.ones[after_run(0, 1, 7)], 7);
  const std::size_t sure = after_run(0, 1, 1000);
  EXPECT_EQ(table.ones[sure], 40);
  EXPECT_EQ(after(sure, 1), sure);
  EXPECT_EQ(table.ones[after(sure, 0)], 6) << "one contradiction takes the certainty";
  EXPECT_EQ(table.zeros[after(sure, 0)], 1);
}

TEST(BitHistory, KnowsWhichOfAFewCameLast) {
  const HistoryTable& table = history_table();
  const std::size_t zero_last = after(after(0, 1), 0), one_last = after(after(0, 0), 1);
  EXPECT_NE(zero_last, one_last);
  EXPECT_EQ(table.zeros[zero_last], table.zeros[one_last]);
  EXPECT_EQ(table.ones[zero_last], table.ones[one_last]);
}

}  // namespace
}  // namespace koan
