#include "formats/json_line.h"

#include <gtest/gtest.h>

#include <random>

namespace koan {
namespace {

std::string found(std::string_view line, std::string_view path) {
  const auto span = find_json_value(as_bytes(line), path);
  if (!span) return "-";
  return (span->is_string ? "s:" : "v:") + std::string(line.substr(span->begin, span->end - span->begin));
}

TEST(JsonLine, FindsValuesByPath) {
  const char* line = R"( {"a": 1, "b" : "x\"y", "c": {"d": [10, "eleven", {"e": "deep"}], "a": null}, "b": "second"} )";
  EXPECT_EQ(found(line, "a"), "v:1");
  EXPECT_EQ(found(line, "b"), "s:x\\\"y");
  EXPECT_EQ(found(line, "c.d.0"), "v:10");
  EXPECT_EQ(found(line, "c.d.1"), "s:eleven");
  EXPECT_EQ(found(line, "c.d.-1.e"), "s:deep");
  EXPECT_EQ(found(line, "c.a"), "v:null");
  EXPECT_EQ(found(line, "c.d"), R"(v:[10, "eleven", {"e": "deep"}])");
  for (const char* path : {"z", "a.b", "c.d.3", "c.d.-4", "c.d.x", "", "c.z", "b.0"}) EXPECT_EQ(found(line, path), "-");
}

TEST(JsonLine, BrokenLinesHaveNothing) {
  for (const char* line : {"", "x", "[", "{", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"x\\\"", "{\"b\":[1,{\"c\":2},\"a\":\"x\"}", "{a:1}"})
    EXPECT_EQ(found(line, "a"), "-") << line;
  // The line may break after the value.
  EXPECT_EQ(found("{\"a\":\"x\" nonsense", "a"), "s:x");
  const std::string deep = "{\"b\":" + std::string(200, '[') + std::string(200, ']') + ",\"a\":1}";
  EXPECT_EQ(found(deep, "a"), "-");
}

// What the decoder finds in the skeleton is what the encoder emptied.
TEST(JsonLine, EmptyingTheStringKeepsItsPlace) {
  std::mt19937 random(7);
  const std::string pieces = "{}[]\",:\\ab01 \t-.\xC3\xA9";
  int strings = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string line = round % 2 == 0 ? "{\"a\":\"" : "{\"b\":[1,\"";
    for (std::size_t n = random() % 24; n > 0; --n) line += pieces[random() % pieces.size()];
    line += round % 3 == 0 ? "\",\"a\":\"t\"}" : "\"}";
    for (const char* path : {"a", "b.1", "b.-1"}) {
      const auto span = find_json_value(as_bytes(line), path);
      if (!span || !span->is_string) continue;
      ++strings;
      const std::string skeleton = line.substr(0, span->begin) + line.substr(span->end);
      const auto again = find_json_value(as_bytes(skeleton), path);
      ASSERT_TRUE(again) << line;
      EXPECT_EQ(again->begin, span->begin) << line;
      EXPECT_EQ(again->end, again->begin) << line;
    }
  }
  EXPECT_GT(strings, 50000);
}

TEST(JsonLine, TextsOfWritersInUse) {
  struct Case {
    const char* content;
    const char* text;
    std::uint8_t style;
  };
  const Case cases[] = {
      {"plain", "plain", 0},
      {R"(line\nnext\t\"q\" \\ \u0001)", "line\nnext\t\"q\" \\ \x01", 0},
      {"caf\xC3\xA9 / \xF0\x9F\x98\x80", "caf\xC3\xA9 / \xF0\x9F\x98\x80", 0},                     // Python, ensure_ascii=False
      {R"(caf\u00e9 / \ud83d\ude00)", "caf\xC3\xA9 / \xF0\x9F\x98\x80", kEscapeNonAscii},          // Python
      {R"(a\/b \u00e9)", "a/b \xC3\xA9", kEscapeNonAscii | kEscapeSlash},                          // PHP
      {R"(\u003cb\u003e \u0026 é)", "<b> & \xC3\xA9", kEscapeHtml},                                // Go
      {R"(caf\u00E9)", R"(caf\u00E9)", kEscapeNothing},                                            // upper case: kept
      {R"(\ud83d alone)", R"(\ud83d alone)", kEscapeNothing},
      {R"(caf\u00e9 and é)", R"(caf\u00e9 and é)", kEscapeNothing},
      {R"(\x broken)", R"(\x broken)", kEscapeNothing},
      {"", "", 0},
  };
  for (const Case& c : cases) {
    const JsonText got = text_of_json(as_bytes(c.content));
    EXPECT_EQ(as_text(got.text), c.text);
    EXPECT_EQ(int{got.style}, int{c.style}) << c.content;
  }
}

TEST(JsonLine, EveryStringComesBack) {
  std::mt19937 random(11);
  const std::string pieces[] = {"a", "/", "<", "\\", "u", "00e9", "d83d", "\\u", "\\n", "\\\"", "\xC3\xA9", "\xC3", "\xFF", "\xE2\x80\xA8", "\x7F"};
  for (int round = 0; round < 100000; ++round) {
    std::string content;
    for (std::size_t n = random() % 12; n > 0; --n) content += pieces[random() % std::size(pieces)];
    const JsonText got = text_of_json(as_bytes(content));
    if (got.style == kEscapeNothing) {
      EXPECT_EQ(as_text(got.text), content);
      continue;
    }
    const auto back = escape_json(got.text, got.style);
    ASSERT_TRUE(back);
    EXPECT_EQ(as_text(*back), content);
  }
}

}  // namespace
}  // namespace koan
