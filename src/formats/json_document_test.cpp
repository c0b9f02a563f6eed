#include "formats/json_document.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

void expect_error(const std::string& text, ErrorCode code, const std::string& words) {
  const auto parsed = parse_json_document(text, 1 << 20);
  ASSERT_FALSE(parsed) << text.substr(0, 80);
  EXPECT_EQ(parsed.error().code, code) << parsed.error().message;
  EXPECT_NE(parsed.error().message.find(words), std::string::npos) << parsed.error().message;
}

TEST(JsonDocument, KeepsTheOrderOfKeys) {
  const auto parsed = parse_json_document(R"( {"b": 1, "a": {"z": [], "y": null}} )", 1 << 20);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->dump(), R"({"b":1,"a":{"z":[],"y":null}})");
}

TEST(JsonDocument, RefusesWithTheReason) {
  expect_error("", ErrorCode::kCorrupt, "not JSON");
  expect_error("{\"a\":\"\xFF\"}", ErrorCode::kCorrupt, "not JSON");
  expect_error("{} {}", ErrorCode::kCorrupt, "not JSON");
  expect_error("[1]", ErrorCode::kCorrupt, "not a JSON object");
  expect_error(R"({"a":1,"b":{"c":1,"c":2}})", ErrorCode::kCorrupt, "'c' is there twice");
  EXPECT_TRUE(parse_json_document(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", 100));
  expect_error(std::string("{\"a\":") + std::string(1000, '[') + std::string(1000, ']') + "}", ErrorCode::kLimit, "deeply");
  std::string many = "{";
  for (int i = 0; i < 100'000; ++i) many.append("\"").append(std::to_string(i)).append("\":1,");
  expect_error(many.substr(0, many.size() - 1) + "}", ErrorCode::kLimit, "too many keys");
  EXPECT_EQ(parse_json_document("{\"a\":1}", 6).error().code, ErrorCode::kLimit);
}

TEST(JsonDocument, TruthAsInPython) {
  const auto parsed = parse_json_document(
      R"({"no":[null,false,0,0.0,"",[],{}],"yes":[true,1,-1,0.5,"none",[null],{"a":null}]})", 1 << 20);
  ASSERT_TRUE(parsed);
  for (const auto& value : (*parsed)["no"]) EXPECT_FALSE(is_truthy(value)) << value.dump();
  for (const auto& value : (*parsed)["yes"]) EXPECT_TRUE(is_truthy(value)) << value.dump();
}

}  // namespace
}  // namespace koan
