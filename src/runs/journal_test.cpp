#include "runs/journal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "runs/test_runs.h"

namespace koan::runs {
namespace {

JsonDocument line(std::size_t problem, const std::string& error = "", double bits = 0) {
  Sample out;
  out.key = {problem, "qa", 0};
  out.error = error;
  out.bits = bits;
  return to_json(out, "t");
}

TEST(Shard, IsParsed) {
  EXPECT_EQ(parse_shard("2/5")->index, 2u);
  EXPECT_TRUE(parse_shard("2/5")->owns(7));
  EXPECT_FALSE(parse_shard("2/5")->owns(8));
  for (const char* wrong : {"", "/", "1", "1/", "/2", "2/2", "-1/2", "1/2x", "x1/2", "0/0", "1/999999999999", "0/1/2"})
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
}

TEST(Journal, KeepsLinesAndGoesOn) {
  const TestFolder folder;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto journal = Journal::open(folder.path(), {0, 1});
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->append(line(i)));
  }
  EXPECT_EQ(read_journals(folder.path())->size(), 3u);
}

TEST(Journal, IsWrittenByOneProcessOnly) {
  const TestFolder folder;
  const auto first = Journal::open(folder.path(), {0, 1});
  ASSERT_TRUE(first);
  const auto second = Journal::open(folder.path(), {0, 1});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUsage);
  EXPECT_TRUE(Journal::open(folder.path(), {1, 2}));
}

// Cut off after any number of bytes, all lines before the last remain, and the next one is written whole.
TEST(Journal, SurvivesBeingCutOff) {
  const std::string whole = to_line(line(0)) + "\n" + to_line(line(1)) + "\n";
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t cut = 0; cut <= whole.size(); cut += cut + 7 < whole.size() ? 7 : 1) {
    const TestFolder folder;
    const std::string path = folder.path() + "/journal-0-of-1.jsonl";
    std::ofstream(path) << whole.substr(0, cut);
    const std::size_t expected = cut == whole.size() ? 2 : cut >= first ? 1 : 0;
    ASSERT_EQ(read_journals(folder.path())->size(), expected) << cut;
    {
      const auto journal = Journal::open(folder.path(), {0, 1});
      ASSERT_TRUE(journal);
      ASSERT_TRUE((*journal)->append(line(7)));
    }
    const auto samples = read_journals(folder.path());
    ASSERT_TRUE(samples) << cut << ": " << samples.error().message;
    EXPECT_EQ(samples->size(), expected + 1);
  }
}

TEST(Journal, AFailedSampleGivesWayToALaterOne) {
  const TestFolder folder;
  const auto journal = Journal::open(folder.path(), {0, 1});
  ASSERT_TRUE((*journal)->append(line(0, "HTTP 500")));
  EXPECT_EQ(read_journals(folder.path())->begin()->second.error, "HTTP 500");
  ASSERT_TRUE((*journal)->append(line(0, "", 5)));
  ASSERT_TRUE((*journal)->append(line(0, "", 6)));
  const auto samples = read_journals(folder.path());
  EXPECT_EQ(samples->size(), 1u);
  EXPECT_EQ(samples->begin()->second.error, "");
  EXPECT_EQ(samples->begin()->second.bits, 5);
}

TEST(Journal, ADamagedLineIsNamed) {
  const TestFolder folder;
  std::ofstream(folder.path() + "/journal-0-of-2.jsonl") << to_line(line(0)) << "\n{}\n" << to_line(line(1)) << "\n";
  const auto samples = read_journals(folder.path());
  ASSERT_FALSE(samples);
  EXPECT_EQ(samples.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(samples.error().message.find("journal-0-of-2.jsonl, line 2"), std::string::npos);
}

}  // namespace
}  // namespace koan::runs
