#include "base/team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace koan {
namespace {

TEST(Team, DoesEachPartOnceInEveryStep) {
  for (const unsigned members : {1u, 2u, 3u, 8u}) {
    Team team(members);
    EXPECT_EQ(team.members(), members);
    std::vector<std::uint32_t> counts(members, 0);  // not atomic: a step is over before the next begins
    for (std::uint32_t step = 1; step <= 2000; ++step) {
      team.run([&](unsigned part) { ++counts[part]; });
      for (const std::uint32_t count : counts) ASSERT_EQ(count, step);
    }
  }
}

TEST(Team, SeesWhatTheCallerWroteAndTheOtherWayRound) {
  Team team(4);
  std::vector<std::uint64_t> values(4096, 1);
  for (int step = 0; step < 300; ++step) {
    std::vector<std::uint64_t> sums(4, 0);
    team.run([&](unsigned part) {
      const Piece piece = piece_of(4096, part, 4);
      for (std::uint32_t i = piece.first; i < piece.last; ++i) sums[part] += values[i];
    });
    const std::uint64_t sum = sums[0] + sums[1] + sums[2] + sums[3];
    ASSERT_EQ(sum, 4096u * static_cast<std::uint64_t>(step + 1));
    for (std::uint64_t& value : values) ++value;
  }
}

TEST(Team, WakesMembersThatFellAsleep) {
  Team team(3);
  for (int step = 0; step < 5; ++step) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    std::atomic<unsigned> done{0};
    team.run([&](unsigned) { ++done; });
    EXPECT_EQ(done.load(), 3u);
  }
}

TEST(Team, TakesPartsOfMembersThatAreBusyElsewhere) {
  Team team(64);  // more than there are cores: most do not run when a step begins
  std::uint64_t sum = 0;
  for (int step = 0; step < 50; ++step) {
    std::atomic<std::uint64_t> parts{0};
    team.run([&](unsigned part) { parts += part; });
    sum += parts;
  }
  EXPECT_EQ(sum, 50u * (63 * 64 / 2));
}

TEST(PieceOf, CoversEverythingOnceInWholeGrains) {
  for (const std::uint32_t n : {0u, 1u, 7u, 16u, 1000u}) {
    for (const unsigned parts : {1u, 2u, 5u, 9u}) {
      for (const std::uint32_t grain : {1u, 2u, 16u}) {
        std::uint32_t at = 0;
        for (unsigned p = 0; p < parts; ++p) {
          const Piece piece = piece_of(n, p, parts, grain);
          ASSERT_EQ(piece.first, at);
          ASSERT_GE(piece.last, piece.first);
          ASSERT_TRUE(piece.last == n || piece.last % grain == 0);
          at = piece.last;
        }
        ASSERT_EQ(at, n);
      }
    }
  }
}

}  // namespace
}  // namespace koan
