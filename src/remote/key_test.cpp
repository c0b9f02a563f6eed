#include "remote/key.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(Key, IsTakenOutOfText) {
  EXPECT_EQ(without_key("a sk-12345678, sk-12345678sk-12345678.", "sk-12345678"), "a [key], [key][key].");
  EXPECT_EQ(without_key("nothing", "sk-12345678"), "nothing");
  EXPECT_EQ(without_key("nothing", ""), "nothing");
  EXPECT_EQ(without_key("[key][key]", "[key][key]"), "[key]");
}

TEST(Key, WhatIsNone) {
  EXPECT_TRUE(checked_key("", "V"));
  EXPECT_TRUE(checked_key("sk-12345678", "V"));
  for (const std::string key :
       {"short", "with space", "with\nline-end", "with\"quote", "with\\slash", "caf\xC3\xA9-12345"}) {
    const auto status = checked_key(key, "MY_KEY");
    ASSERT_FALSE(status) << key;
    EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    EXPECT_NE(status.error().message.find("MY_KEY"), std::string::npos);
    EXPECT_EQ(status.error().message.find(key), std::string::npos);
  }
  EXPECT_FALSE(checked_key(std::string(5000, 'k'), "V"));
}

}  // namespace
}  // namespace koan
