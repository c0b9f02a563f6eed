#include <gtest/gtest.h>

#include "remote/reply_cache.h"
#include "remote/test_remote.h"

namespace koan {
namespace {

RemoteReply some_reply() {
  RemoteReply out;
  out.reply.text = "Hi \xC3\xA9\n";
  out.reply.reason = FinishReason::kLength;
  out.reply.usage = {11, 3};
  out.has_usage = true;
  out.first = {{"Hi", -0.25}};
  return out;
}

TEST(ReplyCache, KeepsAndFinds) {
  const TestFolder folder;
  const ReplyCache cache(folder / "a/b");
  const std::string key = ReplyCache::key_of("openai:m@https://h", "{}", "1");
  EXPECT_EQ(key.size(), 64u);
  EXPECT_FALSE(cache.find(key));
  ASSERT_TRUE(cache.keep(key, "openai:m@https://h", some_reply(), "Hi-secret"));
  const auto found = cache.find(key);
  ASSERT_TRUE(found);
  EXPECT_EQ(to_json(*found), to_json(some_reply()));
  const ReplyCache off("");
  EXPECT_TRUE(off.keep(key, "x", some_reply(), ""));
  EXPECT_FALSE(off.find(key));
}

TEST(ReplyCache, EveryPartOfARequestTells) {
  const std::string key = ReplyCache::key_of("e", "b", "1");
  EXPECT_EQ(key, ReplyCache::key_of("e", "b", "1"));
  EXPECT_NE(key, ReplyCache::key_of("f", "b", "1"));
  EXPECT_NE(key, ReplyCache::key_of("e", "c", "1"));
  EXPECT_NE(key, ReplyCache::key_of("e", "b", "2"));
}

TEST(ReplyCache, DamageIsNoReply) {
  const TestFolder folder;
  const ReplyCache cache(folder / "c");
  const std::string key = ReplyCache::key_of("e", "b", "1"), path = folder / ("c/" + key + ".json");
  ASSERT_TRUE(cache.keep(key, "e", some_reply(), ""));
  const std::string whole = read_text(path);
  for (std::size_t n = 0; n + 1 < whole.size(); ++n) {  // the last byte is a line end
    write_text(path, whole.substr(0, n));
    ASSERT_FALSE(cache.find(key)) << n;
  }
  const std::string good = to_json(some_reply()).dump();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] ^= 1;
    write_text(path, changed);
    const auto found = cache.find(key);  // the name of the endpoint there is for people
    if (found) {
      ASSERT_EQ(to_json(*found).dump(), good) << i;
    }
  }
  // The entry of another request under this one's name.
  const std::string other = ReplyCache::key_of("e", "b", "2");
  write_text(folder / ("c/" + other + ".json"), whole);
  EXPECT_FALSE(cache.find(other));
}

}  // namespace
}  // namespace koan
