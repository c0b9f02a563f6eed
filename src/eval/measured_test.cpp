#include "eval/measured.h"

#include <gtest/gtest.h>

#include "eval/test_folder.h"

namespace koan {
namespace {

Measured sample() {
  Measured out;
  out.domain = "chat";
  out.condition = "route:text";
  out.key = "method 1; model abc";
  out.record_bytes = {10, 0, 300};
  out.shared_bytes = 7;
  out.file_bytes = 400;
  out.side_bytes = 5000;
  out.choices = {"chat", "", "code"};
  out.encode_seconds = 1.5;
  out.decode_seconds = 2.25;
  return out;
}

TEST(Measured, ChargesRecordsAndWhatTheyShare) { EXPECT_EQ(sample().text_coded_bytes(), 317u); }

TEST(Measured, IsKeptAsItWas) {
  const TestFolder folder;
  const Measured in = sample();
  ASSERT_TRUE(keep_measured(folder.path("measured"), in));
  const auto out = load_measured(folder.path("measured"), in.domain, in.condition, in.key);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->domain, in.domain);
  EXPECT_EQ(out->condition, in.condition);
  EXPECT_EQ(out->record_bytes, in.record_bytes);
  EXPECT_EQ(out->shared_bytes, in.shared_bytes);
  EXPECT_EQ(out->file_bytes, in.file_bytes);
  EXPECT_EQ(out->joined_bytes, std::nullopt);
  EXPECT_EQ(out->side_bytes, in.side_bytes);
  EXPECT_EQ(out->choices, in.choices);
  EXPECT_EQ(out->encode_seconds, in.encode_seconds);
  EXPECT_EQ(out->decode_seconds, in.decode_seconds);
}

TEST(Measured, IsOfNoUseForAnotherQuestion) {
  const TestFolder folder;
  const Measured in = sample();
  ASSERT_TRUE(keep_measured(folder.path(), in));
  EXPECT_FALSE(load_measured(folder.path(), in.domain, in.condition, in.key + " and another adapter"));
  EXPECT_FALSE(load_measured(folder.path(), in.domain, "route:trial", in.key));
  EXPECT_FALSE(load_measured(folder.path(), "code", in.condition, in.key));
}

TEST(Measured, ANewerOneTakesThePlaceOfAnOlder) {
  const TestFolder folder;
  Measured in = sample();
  ASSERT_TRUE(keep_measured(folder.path(), in));
  const std::string old_key = in.key;
  in.key = "another";
  in.record_bytes = {1};
  ASSERT_TRUE(keep_measured(folder.path(), in));
  EXPECT_FALSE(load_measured(folder.path(), in.domain, in.condition, old_key));
  const auto out = load_measured(folder.path(), in.domain, in.condition, in.key);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->record_bytes, in.record_bytes);
}

TEST(Measured, ADamagedFileIsMeasuredAgain) {
  const TestFolder folder;
  const Measured in = sample();
  ASSERT_TRUE(keep_measured(folder.path(), in));
  const std::string file = "chat/route.text.json", whole = folder.read(file);
  ASSERT_GT(whole.size(), 100u);
  for (std::size_t n = 0; n + 2 < whole.size(); ++n) {
    folder.write(file, whole.substr(0, n));
    ASSERT_FALSE(load_measured(folder.path(), in.domain, in.condition, in.key)) << n;
  }
  std::string other_type = whole;
  other_type.replace(other_type.find("[10,0,300]"), 10, "\"10,0,300\"");
  folder.write(file, other_type);
  EXPECT_FALSE(load_measured(folder.path(), in.domain, in.condition, in.key));
  folder.write(file, whole);
  EXPECT_TRUE(load_measured(folder.path(), in.domain, in.condition, in.key));
}

TEST(WriteFile, SaysWhereItFailed) {
  const TestFolder folder;
  folder.write("file", "x");
  const Status status = write_result(folder.path("file/below"), "text");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_NE(status.error().message.find(folder.path("file")), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace koan
