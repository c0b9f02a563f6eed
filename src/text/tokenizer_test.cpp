#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "text/bpe_trainer.h"

namespace koan {
namespace {

Tokenizer trained() {
  BpeTrainer trainer;
  for (int i = 0; i < 3; ++i)
    trainer.add(as_bytes("the cat sat on the mat; the rat that sat there ate the oats. aaaa aaaaaaaa 1234 1234"));
  auto tokenizer = trainer.train(300);
  EXPECT_TRUE(tokenizer.has_value());
  return std::move(tokenizer).value();
}

void expect_round_trip(const Tokenizer& tokenizer, std::string_view text) {
  Bytes out;
  for (const Token token : tokenizer.encode(as_bytes(text))) {
    EXPECT_FALSE(tokenizer.is_special(token));
    tokenizer.append_decoded(token, out);
  }
  EXPECT_EQ(as_text(out), text);
}

TEST(Tokenizer, RoundTripsAnyBytes) {
  const Tokenizer tokenizer = trained();
  expect_round_trip(tokenizer, "");
  expect_round_trip(tokenizer, "the cat <|bos|> sat\r\n\tthere \xF0\x9F\x98\x80 \xFF\x80\xC3");
  const unsigned seed = 7;
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    std::string text(random() % 300, '\0');
    for (char& c : text) c = random() % 2 ? static_cast<char>(random()) : "the at"[random() % 6];
    SCOPED_TRACE(seed);
    expect_round_trip(tokenizer, text);
  }
}

TEST(Tokenizer, LearnsAndAppliesMerges) {
  const Tokenizer tokenizer = trained();
  EXPECT_GT(tokenizer.size(), 270u);
  EXPECT_EQ(tokenizer.encode(as_bytes(" the")).size(), 1u);
  EXPECT_EQ(tokenizer.bos(), 0u);
  EXPECT_TRUE(tokenizer.is_special(0));
  EXPECT_TRUE(tokenizer.bytes(0).empty());
}

// A long piece goes through the heap, a short one through the scan: both must follow the same rule.
TEST(Tokenizer, LongPiecesAreEncodedLikeShortOnes) {
  const Tokenizer tokenizer = trained();
  const std::vector<Token> once = tokenizer.encode(as_bytes("aaaaaaaa"));
  std::string text;
  for (int i = 0; i < 8; ++i) text += "aaaaaaaa";
  EXPECT_EQ(tokenizer.encode(as_bytes(text)).size(), once.size() * 8);
  std::string big(1 << 20, 'a');
  expect_round_trip(tokenizer, big);
}

TEST(Tokenizer, SurvivesGguf) {
  const Tokenizer tokenizer = trained();
  GgufFile file;
  tokenizer.to_gguf(file);
  const Bytes bytes = write_gguf(file);
  auto parsed = parse_gguf(bytes);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  auto again = Tokenizer::from_gguf(*parsed);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->decode_hash(), tokenizer.decode_hash());
  const std::string_view text = "that rat sat there 1234 \xC3\xA9";
  EXPECT_EQ(again->encode(as_bytes(text)), tokenizer.encode(as_bytes(text)));
}

TEST(Tokenizer, TrainingIsDeterministic) { EXPECT_EQ(trained().decode_hash(), trained().decode_hash()); }

TEST(Tokenizer, RefusesBrokenVocabularies) {
  Tokenizer::Parts parts;
  parts.tokens = {"<|bos|>", "a"};
  parts.is_special = {1, 0};
  EXPECT_FALSE(Tokenizer::from_parts(parts).has_value());
  parts.tokens.resize(1);
  parts.is_special.resize(1);
  for (int b = 0; b < 256; ++b) {
    parts.tokens.emplace_back(1, static_cast<char>(b));
    parts.is_special.push_back(0);
  }
  EXPECT_TRUE(Tokenizer::from_parts(parts).has_value());
  auto bad = parts;
  bad.merges = {{1, 2, 3}};
  EXPECT_FALSE(Tokenizer::from_parts(bad).has_value());
  bad.merges = {{1, 2, 999}};
  EXPECT_FALSE(Tokenizer::from_parts(bad).has_value());
  parts.bos = 5;
  EXPECT_FALSE(Tokenizer::from_parts(parts).has_value());
}

}  // namespace
}  // namespace koan
