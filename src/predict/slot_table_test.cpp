#include "predict/slot_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace koan {
namespace {

bool is_fresh(const std::uint8_t* slot) {
  return std::all_of(slot + 1, slot + SlotTable::kSlotBytes, [](std::uint8_t history) { return history == 0; });
}

// A history of so many zeros.
std::uint8_t seen(int n) {
  std::uint8_t state = 0;
  while (n-- > 0) state = history_table().next[state][0];
  return state;
}

// Hashes that differ in the low byte alone are sent to the same place.
constexpr std::uint32_t kPlace = 0x5A17C300;

TEST(SlotTable, FindsAContextAgain) {
  SlotTable table(4096);
  std::mt19937 rng(3);
  std::vector<std::uint32_t> hashes;
  for (int i = 0; i < 300; ++i) hashes.push_back(static_cast<std::uint32_t>(rng()));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::uint8_t* const slot = table.find(hashes[i]);
    ASSERT_TRUE(is_fresh(slot)) << i;
    for (std::size_t n = 1; n < SlotTable::kSlotBytes; ++n) slot[n] = static_cast<std::uint8_t>((i + n) % 190 + 1);
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const std::uint8_t* const slot = table.find(hashes[i]);
    for (std::size_t n = 1; n < SlotTable::kSlotBytes; ++n) ASSERT_EQ(slot[n], (i + n) % 190 + 1) << i;
  }
}

TEST(SlotTable, TellsContextsOfOnePlaceApart) {
  SlotTable table(1024);
  std::uint8_t* const first = table.find(kPlace | 7);
  first[1] = seen(1);
  std::uint8_t* const second = table.find(kPlace | 8);
  EXPECT_NE(first, second);
  EXPECT_TRUE(is_fresh(second));
  second[1] = seen(2);
  std::uint8_t* const zero = table.find(kPlace);
  EXPECT_TRUE(is_fresh(zero)) << "a hash that ends in 0 is not an empty slot";
  zero[1] = seen(3);
  EXPECT_EQ(table.find(kPlace | 7), first);
  EXPECT_EQ(table.find(kPlace | 8), second);
  EXPECT_EQ(table.find(kPlace), zero);
}

TEST(SlotTable, GivesUpTheLeastUsed) {
  for (const std::uint32_t least : {0u, 1u, 2u}) {
    SCOPED_TRACE(least);
    SlotTable table(1024);
    for (std::uint32_t i = 0; i < 3; ++i) {
      std::uint8_t* const slot = table.find(kPlace | (10 + i));
      slot[1] = seen(i == least ? 2 : 5 + static_cast<int>(i));
      slot[9] = seen(1);
    }
    std::uint8_t* const taken = table.find(kPlace | 20);
    EXPECT_TRUE(is_fresh(taken)) << "nothing of the one that gave way";
    taken[1] = seen(20);
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (i != least) {
        EXPECT_EQ(table.find(kPlace | (10 + i))[1], seen(5 + static_cast<int>(i)));
      }
    }
    EXPECT_EQ(table.find(kPlace | 20), taken);
    EXPECT_TRUE(is_fresh(table.find(kPlace | (10 + least)))) << "forgotten";
  }
}

TEST(SlotTable, StaysInsideWhenItIsFull) {
  for (const std::size_t slots : {std::size_t{4}, std::size_t{4096}}) {
    SlotTable table(slots);
    std::mt19937 rng(9);
    for (int i = 0; i < 100000; ++i) {
      std::uint8_t* const slot = table.find(static_cast<std::uint32_t>(rng()));
      for (std::size_t n = 1; n < SlotTable::kSlotBytes; ++n) slot[n] = history_table().next[slot[n]][i & 1];
    }
  }
}

}  // namespace
}  // namespace koan
