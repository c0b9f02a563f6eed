#include "predict/match_model.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"

namespace koan {
namespace {

void add(MatchModel& model, std::string_view text) {
  for (const std::uint8_t byte : as_bytes(text)) model.add(byte);
}

// The byte expected next, from its bits one by one; -1 without an opinion.
int expected_byte(const MatchModel& model) {
  std::uint32_t partial = 1;
  while (partial < 256) {
    const int bit = model.expected_bit(partial);
    if (bit < 0) return -1;
    partial = partial * 2 + static_cast<std::uint32_t>(bit);
  }
  return static_cast<int>(partial & 255);
}

const std::string kLine = "the quick brown fox jumps over the lazy dog, and runs.";

TEST(MatchModel, ExpectsWhatCameNextBefore) {
  MatchModel model(1000);
  EXPECT_EQ(expected_byte(model), -1);
  EXPECT_EQ(model.expected_end(), -1);
  add(model, kLine + "#");
  EXPECT_EQ(expected_byte(model), -1);
  std::uint32_t step = 0;
  for (std::size_t i = 0; i < kLine.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(expected_byte(model), i < 6 ? -1 : kLine[i]) << "a match takes six bytes";
    EXPECT_GE(model.length_step(), step) << "a longer match is trusted more";
    step = model.length_step();
    model.add(static_cast<std::uint8_t>(kLine[i]));
  }
  EXPECT_GT(step, 9u);
  EXPECT_EQ(expected_byte(model), '#');
}

TEST(MatchModel, HasNoOpinionOnceAByteIsAnother) {
  MatchModel model(1000);
  add(model, "abcdefgh abcdefg");
  ASSERT_EQ(expected_byte(model), 'h');
  const std::uint32_t h = 'h' | 256;
  for (int known = 0; known < 8; ++known) {
    const std::uint32_t so_far = h >> (8 - known);
    EXPECT_EQ(model.expected_bit(so_far), static_cast<int>(h >> (7 - known) & 1));
    if (known > 0) {
      EXPECT_EQ(model.expected_bit(so_far ^ 1), -1) << "the last bit was not the expected one";
    }
  }
}

TEST(MatchModel, FollowsACopyThroughADifference) {
  MatchModel model(1000);
  add(model, kLine + "\n");
  std::string edited = kLine;
  edited[20] = '*';
  for (std::size_t i = 0; i < edited.size(); ++i) {
    if (i > 5) {
      EXPECT_EQ(expected_byte(model), kLine[i]) << i;
    }
    if (i == 21) {
      EXPECT_EQ(model.length_step(), 0u) << "just after the difference";
    }
    model.add(static_cast<std::uint8_t>(edited[i]));
  }
}

TEST(MatchModel, GivesUpAfterManyDifferences) {
  MatchModel model(1000);
  add(model, kLine + "\n");
  add(model, kLine.substr(0, 12));
  ASSERT_EQ(expected_byte(model), kLine[12]);
  for (int i = 0; i < 8; ++i) {
    model.add(static_cast<std::uint8_t>(128 + i));
    EXPECT_EQ(expected_byte(model), kLine[13 + static_cast<std::size_t>(i)]);
  }
  model.add(200);
  EXPECT_EQ(expected_byte(model), -1);
  // Sixteen bytes that agree make up for earlier differences.
  MatchModel forgiving(4000);
  std::mt19937 rng(4);
  std::string text(600, ' ');
  for (char& c : text) c = static_cast<char>('a' + rng() % 26);
  add(forgiving, text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 6) {
      ASSERT_EQ(expected_byte(forgiving), text[i]) << i;
    }
    forgiving.add(i % 20 == 19 ? '#' : static_cast<std::uint8_t>(text[i]));
  }
}

TEST(MatchModel, PrefersTheLatestPlaceAndSwitchesToALongerMatch) {
  MatchModel model(1000);
  add(model, "0123456789A 0123456789B 0123456789");
  EXPECT_EQ(expected_byte(model), 'B');
  // Led astray by the short match, it finds the long one again after its bytes agree.
  MatchModel other(1000);
  add(other, "a long story about one thing|...one thing?... a long story about one thing");
  EXPECT_EQ(expected_byte(other), '|');
}

TEST(MatchModel, RemembersWhereTokensEnded) {
  MatchModel model(1000);
  const std::string words = "several words in a row ";
  for (const char c : words) {
    model.add(static_cast<std::uint8_t>(c));
    if (c == ' ') model.end_token();
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    model.add(static_cast<std::uint8_t>(words[i]));
    if (i >= 5) {
      EXPECT_EQ(model.expected_end(), words[i] == ' ' ? 1 : 0) << i;
    }
  }
}

// A damaged stream may say more than was announced.
TEST(MatchModel, TakesNoMoreThanItHasRoomFor) {
  for (const std::uint64_t room : {1u, 6u, 64u}) {
    MatchModel model(room);
    for (int i = 0; i < 300; ++i) {
      model.add('a');
      model.end_token();
      model.expected_bit(1);
      model.expected_end();
    }
    EXPECT_EQ(model.size(), room);
  }
}

TEST(MatchModel, StepsStayBelowFifteenInLongMatches) {
  MatchModel model(200000);
  std::mt19937 rng(7);
  std::string page(90000, ' ');
  for (char& c : page) c = static_cast<char>(rng());
  add(model, page);
  for (const char c : page) {
    model.add(static_cast<std::uint8_t>(c));
    ASSERT_LT(model.length_step(), 15u);
  }
  EXPECT_EQ(model.length_step(), 14u);
  EXPECT_EQ(model.size(), 180000u);
  EXPECT_EQ(model.byte_at(90001), static_cast<std::uint8_t>(page[1]));
}

}  // namespace
}  // namespace koan
