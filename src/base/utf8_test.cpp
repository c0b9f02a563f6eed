#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace koan {
namespace {

TEST(FindBinary, KnowsTextInUtf8) {
  const auto ok = [](const std::string& text) { return find_binary(as_bytes(text)) == text.size(); };
  EXPECT_TRUE(ok(""));
  EXPECT_TRUE(ok("a\tb\r\n\x7F é 日 \U0001F600 \u07FF\uFFFF"));
  EXPECT_TRUE(ok("\xF4\x8F\xBF\xBF"));
  for (const char* bad : {"\x80", "\xC3", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1"})
    EXPECT_FALSE(ok(bad)) << bad;
  EXPECT_EQ(find_binary(as_bytes("ab\xFFz")), 2u);
}

}  // namespace
}  // namespace koan
