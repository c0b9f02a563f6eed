#include "formats/name_pattern.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

bool matches(const std::string& pattern, const std::string& text) {
  auto parsed = NamePattern::parse(pattern);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed && parsed->matches(text);
}

TEST(NamePattern, MatchesTheWholeText) {
  EXPECT_TRUE(matches("q_proj", "q_proj"));
  EXPECT_FALSE(matches("q_proj", "q_proj2"));
  EXPECT_FALSE(matches("q_proj", "xq_proj"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(NamePattern, AsPeftWritesThem) {
  const std::string name = "model.layers.11.self_attn.q_proj";
  EXPECT_TRUE(matches("(.*\\.)?(q_proj)$", name));
  EXPECT_TRUE(matches("(.*\\.)?(model.layers.11.self_attn.q_proj)$", name));
  EXPECT_FALSE(matches("(.*\\.)?(model.layers.1.self_attn.q_proj)$", name));
  EXPECT_FALSE(matches("(.*\\.)?(proj)$", name));
  EXPECT_TRUE(matches("(.*\\.)?(^model\\.layers\\.(1[01]|2\\d)\\.self_attn\\.[qk]_proj)$", name));
  EXPECT_FALSE(matches("(.*\\.)?(^layers\\.11\\.self_attn\\.q_proj)$", name));
  EXPECT_TRUE(matches("(.*\\.)?(layers\\.[\\d]{1,}\\.(?:self_attn|mlp)\\..*?_proj)$", name));
  EXPECT_TRUE(matches("(.*\\.)?(q_proj|v_proj$)$", name));
}

TEST(NamePattern, Language) {
  EXPECT_TRUE(matches("a{2,3}", "aa"));
  EXPECT_TRUE(matches("a{2,3}", "aaa"));
  EXPECT_FALSE(matches("a{2,3}", "a"));
  EXPECT_FALSE(matches("a{2,3}", "aaaa"));
  EXPECT_TRUE(matches("a{,2}b{2}", "bb"));
  EXPECT_FALSE(matches("a{,2}b{2}", "aaabb"));
  EXPECT_TRUE(matches("(ab|)+c?", "abab"));
  EXPECT_TRUE(matches("()*x", "x"));
  EXPECT_TRUE(matches("[]a-c-]+", "a]-b"));
  EXPECT_FALSE(matches("[^a-c]", "b"));
  EXPECT_TRUE(matches("[^a-c]", "d"));
  EXPECT_TRUE(matches("\\w+\\W\\D\\S\\s", "a_9.xy "));
  EXPECT_TRUE(matches("^^a$$", "a"));
  EXPECT_FALSE(matches("a$b", "ab"));
  EXPECT_FALSE(matches("a.c", "a\nc"));
  EXPECT_FALSE(matches("a.c", "a\xC3\xBC"));
  EXPECT_TRUE(matches("a}]", "a}]"));
}

TEST(NamePattern, TakesLinearTime) {
  EXPECT_FALSE(matches("(((a*)*)*)*b", std::string(2000, 'a')));
  EXPECT_FALSE(matches("(a|a|a)*(a|aa)*b", std::string(2000, 'a')));
}

TEST(NamePattern, RefusesTheRest) {
  for (const char* pattern :
       {"(?=a)", "(?P<n>a)", "\\bq",    "\\1", "a**",  "a*+",    "*a",      "(a",       "a)",     "[a",
        "a\\",   "[z-a]",    "[\\d-z]", "a{",  "a{x}", "a{3,2}", "a{2000}", "\xC3\xBC", "\\\xC3", "(?i)a"}) {
    const auto parsed = NamePattern::parse(pattern);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().code, ErrorCode::kNotSupported) << pattern;
    EXPECT_NE(parsed.error().message.find(pattern), std::string::npos) << parsed.error().message;
  }
}

TEST(NamePattern, IsBounded) {
  for (const std::string& pattern : {std::string(kMaxPatternBytes + 1, 'a'), std::string("(a{100}){100}"),
                                     std::string("((((){1000}){1000}){1000}){1000}")}) {
    const auto parsed = NamePattern::parse(pattern);
    ASSERT_FALSE(parsed) << pattern;
    EXPECT_EQ(parsed.error().code, ErrorCode::kLimit);
  }
  EXPECT_FALSE(NamePattern::parse(std::string(500, '(') + std::string(500, ')')));
}

}  // namespace
}  // namespace koan
