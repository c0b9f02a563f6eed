// The tokenizer with GPT-2's own vocabulary against llama.cpp's test vectors for it.
#include <gtest/gtest.h>

#include <sstream>
#include <unordered_map>

#include "text/byte_unicode.h"
#include "text/test_vectors.h"

namespace koan {
namespace {

// 256 bytes in the order of GPT-2's byte alphabet, one token for each merge, then <|endoftext|>.
Tokenizer::Parts parts_of(const std::string& merges) {
  Tokenizer::Parts parts;
  std::unordered_map<std::string, Token> ids;
  const auto add = [&](const std::string& bytes) {
    ids.try_emplace(bytes, static_cast<Token>(parts.tokens.size()));
    parts.tokens.push_back(bytes);
    parts.is_special.push_back(0);
  };
  const auto is_itself = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b != 173); };
  for (const bool printable : {true, false})
    for (int b = 0; b < 256; ++b)
      if (is_itself(b) == printable) add(std::string(1, static_cast<char>(b)));
  std::istringstream lines(merges);
  std::string line;
  std::getline(lines, line);  // #version
  while (std::getline(lines, line)) {
    const std::size_t space = line.find(' ');
    const std::string left = unicode_to_bytes(line.substr(0, space)).value();
    const std::string right = unicode_to_bytes(line.substr(space + 1)).value();
    parts.merges.push_back({ids.at(left), ids.at(right), static_cast<Token>(parts.tokens.size())});
    add(left + right);
  }
  parts.bos = static_cast<Token>(parts.tokens.size());
  parts.tokens.push_back("<|endoftext|>");
  parts.is_special.push_back(1);
  return parts;
}

TEST(Gpt2, EncodesTheTestVectors) {
  const std::string merges = corpus_file("tokenizers/gpt2-vocab.bpe");
  const auto vectors = test_vectors("gpt-2");
  if (merges.empty() || vectors.empty())
    GTEST_SKIP() << "GPT-2's vocabulary or its test vectors are not here; set KOAN_CORPUS to the corpus folder";
  auto tokenizer = Tokenizer::from_parts(parts_of(merges));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->size(), 50257u);
  for (const auto& [text, tokens] : vectors) EXPECT_EQ(tokenizer->encode(as_bytes(text)), tokens) << "'" << text << "'";
  EXPECT_EQ(vectors.size(), 46u);
}

}  // namespace
}  // namespace koan
