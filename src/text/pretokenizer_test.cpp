// The scanners against regular expressions of JavaScript (tests/text/make_pieces.js), and by hand.
#include "text/pretokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace koan {
namespace {

std::vector<std::string> pieces(std::string_view text, PreTokenizer pre = PreTokenizer::kGpt2) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t size = next_piece(pre, as_bytes(text));
    out.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

using Strings = std::vector<std::string>;

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

TEST(Pretokenizer, FollowsTheGpt2Pattern) {
  EXPECT_EQ(pieces("I'm here, they'll go"), (Strings{"I", "'m", " here", ",", " they", "'ll", " go"}));
  EXPECT_EQ(pieces("a  b"), (Strings{"a", " ", " b"}));
  EXPECT_EQ(pieces("a   "), (Strings{"a", "   "}));
  EXPECT_EQ(pieces("a\n\nb"), (Strings{"a", "\n", "\n", "b"}));
  EXPECT_EQ(pieces("a\n  b"), (Strings{"a", "\n ", " b"}));
  EXPECT_EQ(pieces("x123 45"), (Strings{"x", "123", " 45"}));
  EXPECT_EQ(pieces("na\xC3\xAFve \xE4\xB8\xAD"), (Strings{"na\xC3\xAFve", " \xE4\xB8\xAD"}));
  EXPECT_EQ(pieces("'quote' 'sup"), (Strings{"'", "quote", "'", " '", "sup"}));
}

TEST(Pretokenizer, FollowsTheOtherPatterns) {
  EXPECT_EQ(pieces("x12345 6", PreTokenizer::kLlama3), (Strings{"x", "123", "45", " ", "6"}));
  EXPECT_EQ(pieces("x12 6", PreTokenizer::kQwen2), (Strings{"x", "1", "2", " ", "6"}));
  EXPECT_EQ(pieces("x12  6", PreTokenizer::kSmollm), (Strings{"x", "1", "2", "  ", "6"}));
  EXPECT_EQ(pieces("f();\n\n\tg\n  h", PreTokenizer::kLlama3), (Strings{"f", "();\n\n", "\tg", "\n", " ", " h"}));
  EXPECT_EQ(pieces("It'S", PreTokenizer::kQwen2), (Strings{"It", "'S"}));
}

TEST(Pretokenizer, AgreesWithRegularExpressions) {
  std::ifstream file(KOAN_SOURCE_DIR "/tests/text/pieces.tsv");
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const auto pre = find_pretokenizer(line.substr(0, first));
    ASSERT_TRUE(pre) << line;
    const std::string text = from_hex(line.substr(first + 1, second - first - 1));
    std::string lengths;
    for (const std::string& piece : pieces(text, *pre)) {
      if (!lengths.empty()) lengths += ' ';
      lengths += std::to_string(piece.size());
    }
    EXPECT_EQ(lengths, line.substr(second + 1)) << line.substr(0, first) << ": \"" << text << "\"";
    ++cases;
  }
  EXPECT_GE(cases, 2000);
}

// What is no UTF-8 is "other", byte by byte, and never joins a letter.
TEST(Pretokenizer, TakesAnyBytes) {
  EXPECT_EQ(pieces("\xFF\xFE"
                   "a"),
            (Strings{"\xFF\xFE", "a"}));
  EXPECT_EQ(pieces("\xC3(\xE2\x82 \xED\xA0\x80", PreTokenizer::kSmollm), (Strings{"\xC3(\xE2\x82", " \xED\xA0\x80"}));
  std::string all;
  for (int i = 0; i < 5000; ++i) all += static_cast<char>(i * 2654435761u >> 13);
  for (const auto pre : {PreTokenizer::kGpt2, PreTokenizer::kLlama3, PreTokenizer::kQwen2, PreTokenizer::kSmollm}) {
    std::string whole;
    for (const std::string& piece : pieces(all, pre)) {
      EXPECT_FALSE(piece.empty());
      whole += piece;
    }
    EXPECT_EQ(whole, all);
  }
}

TEST(Pretokenizer, HasNames) {
  EXPECT_EQ(find_pretokenizer("llama-v3"), PreTokenizer::kLlama3);
  EXPECT_EQ(find_pretokenizer("default"), std::nullopt);
  for (const auto pre : {PreTokenizer::kGpt2, PreTokenizer::kLlama3, PreTokenizer::kQwen2, PreTokenizer::kSmollm})
    EXPECT_EQ(find_pretokenizer(pretokenizer_name(pre)), pre);
}

}  // namespace
}  // namespace koan
