#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace koan {
namespace {

// Every character comes back, and takes as many bytes as it must.
TEST(Utf8, AppendedCharactersAreRead) {
  for (char32_t code = 0; code < 0x110000; code += code < 0x900 ? 1 : 257) {
    if (code >= 0xD800 && code < 0xE000) continue;
    Bytes bytes;
    append_utf8(bytes, code);
    EXPECT_EQ(bytes.size(), code < 0x80 ? 1u : code < 0x800 ? 2u : code < 0x10000 ? 3u : 4u);
    const Utf8Char read = utf8_at(bytes, 0);
    EXPECT_EQ(read.code, code);
    EXPECT_EQ(read.size, bytes.size());
  }
}

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
