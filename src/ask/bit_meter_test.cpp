#include "ask/bit_meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ask/test_full_disk.h"

namespace koan::ask {
namespace {

class BitMeterTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/koan-bits-" + std::to_string(::getpid()) + ".log";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  static Spending bit(const char* client, const char* day, std::uint64_t bits = 1) {
    static int count = 0;
    return {day, client, bits, "id" + std::to_string(++count), "yes"};
  }
  std::string path_;
};

constexpr const char* kDay = "2026-11-26";
constexpr const char* kNext = "2026-11-27";

TEST_F(BitMeterTest, TheCapIsExactForEachClientAndDay) {
  BitMeter meter = BitMeter::open(path_, {4, {}}).value();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(meter.spend(bit("a", kDay)));
  EXPECT_EQ(meter.left("a", kDay), 0u);
  EXPECT_EQ(meter.spend(bit("a", kDay)).error().code, ErrorCode::kBudget);
  EXPECT_TRUE(meter.spend(bit("b", kDay)));
  EXPECT_EQ(meter.spend(bit("b", kDay, 4)).error().code, ErrorCode::kBudget);
  EXPECT_TRUE(meter.spend(bit("b", kDay, 3)));
  EXPECT_TRUE(meter.spend(bit("a", kNext)));
  EXPECT_EQ(meter.spend(bit("a", kNext, UINT32_MAX)).error().code, ErrorCode::kBudget);
}

TEST_F(BitMeterTest, TheTotalIsOverAllClients) {
  BitMeter meter = BitMeter::open(path_, {4, 5}).value();
  EXPECT_TRUE(meter.spend(bit("a", kDay, 4)));
  EXPECT_EQ(meter.left("b", kDay), 1u);
  EXPECT_TRUE(meter.spend(bit("b", kDay)));
  EXPECT_EQ(meter.spend(bit("b", kDay)).error().code, ErrorCode::kBudget);
  EXPECT_EQ(meter.left("b", kNext), 4u);
}

TEST_F(BitMeterTest, CutAtEveryByteItCountsAllCompleteLines) {
  {
    BitMeter meter = BitMeter::open(path_, {100, {}}).value();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(meter.spend(bit("a", kDay, 10)));
    // What is spent is on disk at once, while the meter is open.
    ASSERT_EQ(std::ranges::count(text(), '\n'), 3);
  }
  const std::string whole = text();
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    write(whole.substr(0, cut));
    const auto lines =
        static_cast<std::uint64_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(cut), '\n'));
    BitMeter meter = BitMeter::open(path_, {100, {}}).value();
    ASSERT_EQ(meter.left("a", kDay), 100 - 10 * lines) << cut;
    ASSERT_TRUE(meter.spend(bit("a", kDay, 5)));
    // The new line stands alone.
    std::size_t complete = 0;
    const std::string now = text();
    const auto parsed = parse_ledger(now, &complete);
    ASSERT_TRUE(parsed) << cut;
    ASSERT_EQ(parsed->size(), lines + 1);
    ASSERT_EQ(complete, now.size());
  }
}

TEST_F(BitMeterTest, AnAnswerIsRememberedAndARefusalIsNot) {
  {
    BitMeter meter = BitMeter::open(path_, {9, {}}).value();
    ASSERT_TRUE(meter.spend({kDay, "a", 1, "x", "no"}));
    ASSERT_TRUE(meter.spend({kDay, "a", 8, "y", kRefused}));
  }
  const BitMeter meter = BitMeter::open(path_, {9, {}}).value();
  ASSERT_NE(meter.answered("x"), nullptr);
  EXPECT_EQ(*meter.answered("x"), "no");
  EXPECT_EQ(meter.answered("y"), nullptr);
  EXPECT_EQ(meter.left("a", kDay), 0u);
}

TEST_F(BitMeterTest, OneServerALedger) {
  const BitMeter meter = BitMeter::open(path_, {1, {}}).value();
  EXPECT_NE(BitMeter::open(path_, {1, {}}).error().message.find("another server"), std::string::npos);
}

TEST_F(BitMeterTest, WhatIsNoLedgerIsLeftAlone) {
  for (const std::string& note : {std::string("shopping list: eggs"), std::string("2026-11-26 a 1 x yes\n2026 a\n"),
                                  std::string("2026-11-26 a -1 x yes\n"), std::string("2026-11-26 a 1 x maybe\n"),
                                  std::string("2026-11-26 a 1 x  yes\n")}) {
    write(note);
    EXPECT_FALSE(BitMeter::open(path_, {1, {}})) << note;
    EXPECT_EQ(text(), note);
  }
  std::filesystem::remove(path_);
  BitMeter meter = BitMeter::open(path_, {9, {}}).value();
  for (const Spending& entry :
       {Spending{kDay, "a b", 1, "x", "yes"}, Spending{kDay, "a", 1, "x\n", "yes"}, Spending{kDay, "", 1, "x", "yes"}})
    EXPECT_EQ(meter.spend(entry).error().code, ErrorCode::kUsage);
  EXPECT_EQ(text(), "");
}

TEST_F(BitMeterTest, WhatCannotBeWrittenDoesNotLeaveNorDoesWhatFollows) {
  {
    BitMeter meter = BitMeter::open(path_, {9, {}}).value();
    ASSERT_TRUE(meter.spend(bit("a", kDay)));
    const std::string before = text();
    {
      const FullDisk full(before.size() + 5);  // a piece of the line fits
      EXPECT_EQ(meter.spend(bit("a", kDay)).error().code, ErrorCode::kIo);
    }
    EXPECT_EQ(text().size(), before.size() + 5);
    EXPECT_EQ(meter.spend(bit("a", kDay)).error().code, ErrorCode::kIo);
    EXPECT_EQ(meter.left("a", kDay), 8u);
  }
  // The next server drops the piece.
  BitMeter meter = BitMeter::open(path_, {9, {}}).value();
  EXPECT_EQ(meter.left("a", kDay), 8u);
  EXPECT_TRUE(meter.spend(bit("a", kDay)));
}

TEST_F(BitMeterTest, WhatIsNoFileOfADiskIsNoLedger) {
  EXPECT_FALSE(BitMeter::open("/dev/full", {9, {}}));
  EXPECT_EQ(BitMeter::open("/nonexistent/ledger", {9, {}}).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace koan::ask
