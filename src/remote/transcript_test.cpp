#include "remote/transcript.h"

#include <gtest/gtest.h>

#include "remote/test_remote.h"

namespace koan {
namespace {

TEST(Transcript, AppendsLines) {
  const TestFolder folder;
  const std::string path = folder / "t.jsonl";
  ASSERT_TRUE(Transcript::open(path).value()->add({{"a", "x sk-12345678\n"}}, "sk-12345678"));
  EXPECT_EQ(read_text(path), "{\"a\":\"x [key]\\n\"}\n");  // at once
  ASSERT_TRUE(Transcript::open(path).value()->add({{"b", "\xFF"}}, ""));
  EXPECT_EQ(read_text(path), "{\"a\":\"x [key]\\n\"}\n{\"b\":\"\xEF\xBF\xBD\"}\n");
}

TEST(Transcript, EndsALineThatWasCut) {
  const TestFolder folder;
  const std::string path = folder / "t.jsonl";
  write_text(path, "{\"a\":1}\n{\"a\":");
  ASSERT_TRUE(Transcript::open(path).value()->add({{"b", 2}}, ""));
  EXPECT_EQ(read_text(path), "{\"a\":1}\n{\"a\":\n{\"b\":2}\n");
}

TEST(Transcript, WhereItCannotBe) {
  const TestFolder folder;
  EXPECT_EQ(Transcript::open(folder / "no/t.jsonl").error().code, ErrorCode::kIo);
  EXPECT_EQ(Transcript::open("/dev/full").value()->add({{"a", 1}}, "").error().code, ErrorCode::kIo);
}

TEST(Transcript, Times) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(1'790'000'000'123), "2026-09-21T14:13:20.123Z");
}

}  // namespace
}  // namespace koan
