#include "chat/stop_filter.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(StopFilter, HoldsBackWhatMayBeAStop) {
  StopFilter filter({"END", "", "\n\n"});
  EXPECT_EQ(filter.add("text E"), "text ");
  EXPECT_EQ(filter.add("N"), "");
  EXPECT_EQ(filter.add("E"), "EN");  // "ENE": only the last letter may still begin it
  EXPECT_EQ(filter.add("ND more"), "");
  EXPECT_TRUE(filter.stopped());
  EXPECT_EQ(filter.add("END"), "");
  EXPECT_EQ(filter.rest(), "");
}

TEST(StopFilter, TheFirstInTheTextWins) {
  StopFilter filter({"bc", "abcd"});
  EXPECT_EQ(filter.add("xab"), "x");
  EXPECT_EQ(filter.add("cd"), "");  // "abcd" begins before "bc"
  EXPECT_TRUE(filter.stopped());
}

TEST(StopFilter, GivesTheRestAtTheEnd) {
  StopFilter filter({"stop"});
  EXPECT_EQ(filter.add("a st"), "a ");
  EXPECT_EQ(filter.rest(), "st");
  EXPECT_FALSE(filter.stopped());
  EXPECT_EQ(StopFilter({}).add("all"), "all");
}

// However the text is cut into pieces, the same comes out.
TEST(StopFilter, PiecesDoNotMatter) {
  const std::string text = "aababaabaabbabab";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    StopFilter filter({"abb"});
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += cut) out += filter.add(text.substr(at, cut));
    EXPECT_TRUE(filter.stopped());
    EXPECT_EQ(out + filter.rest(), text.substr(0, text.find("abb"))) << cut;
  }
}

}  // namespace
}  // namespace koan
