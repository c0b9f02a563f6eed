// SentencePiece vocabularies: by hand, against llama.cpp's test vectors for the vocabulary of Llama 2, on any bytes.
#include <gtest/gtest.h>

#include <random>

#include "text/test_vectors.h"

namespace koan {
namespace {

// <unk> <s> </s>, the 256 bytes, then the given texts, each with the score minus its place.
GgufFile vocabulary(const std::vector<std::string>& texts) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<std::int64_t> types = {2, 3, 3};
  std::vector<double> scores(3, 0);
  for (unsigned b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    tokens.emplace_back(name);
    types.push_back(6);
    scores.push_back(0);
  }
  for (const std::string& text : texts) {
    scores.push_back(-static_cast<double>(tokens.size()));
    tokens.push_back(text);
    types.push_back(1);
  }
  GgufFile file;
  file.metadata["tokenizer.ggml.model"] = std::string("llama");
  file.metadata["tokenizer.ggml.tokens"] = tokens;
  file.metadata["tokenizer.ggml.token_type"] = types;
  file.metadata["tokenizer.ggml.scores"] = scores;
  file.metadata["tokenizer.ggml.bos_token_id"] = std::uint64_t{1};
  return file;
}

std::vector<std::string> pieces(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> out;
  for (const Token token : tokenizer.encode(as_bytes(text))) out.emplace_back(as_text(tokenizer.bytes(token)));
  return out;
}
using Strings = std::vector<std::string>;

TEST(SentencePiece, MergesByScoreThenFromTheLeft) {
  const auto tokenizer =
      Tokenizer::from_gguf(vocabulary({"a", "b", "c", "\xE2\x96\x81", "bc", "ab", "aa", "abc", "\xE2\x96\x81\x61"}))
          .value();
  EXPECT_EQ(pieces(tokenizer, "abc"), (Strings{"abc"}));  // bc first, then a + bc
  EXPECT_EQ(pieces(tokenizer, "ab"), (Strings{"ab"}));
  EXPECT_EQ(pieces(tokenizer, "aaa"), (Strings{"aa", "a"}));
  EXPECT_EQ(pieces(tokenizer, "b a a"), (Strings{"b", " a", " a"}));
  EXPECT_EQ(pieces(tokenizer, "x\xC3\xA9"), (Strings{"x", "\xC3", "\xA9"}));  // byte by byte
}

TEST(SentencePiece, TheSpaceSignItselfIsText) {
  const auto tokenizer = Tokenizer::from_gguf(vocabulary({"\xE2\x96\x81", "a", "\xE2\x96\x81\x61"})).value();
  const std::string text = "\xE2\x96\x81\x61 a";
  EXPECT_EQ(pieces(tokenizer, text), (Strings{"\xE2", "\x96", "\x81", "a", " a"}));
  EXPECT_EQ(decoded(tokenizer, tokenizer.encode(as_bytes(text))), text);
}

TEST(SentencePiece, AddedTokensAreFoundFirst) {
  GgufFile file = vocabulary({"a", "<", "<tool>", "<tool", "ol>", "<tool>a"});
  auto types = std::get<std::vector<std::int64_t>>(file.metadata["tokenizer.ggml.token_type"]);
  types[261] = 4;
  file.metadata["tokenizer.ggml.token_type"] = types;
  const auto tokenizer = Tokenizer::from_gguf(file).value();
  EXPECT_EQ(tokenizer.encode(as_bytes(std::string_view("a<tool>a</s>"))),
            (std::vector<Token>{259, 261, 259, 260, 3 + '/', 3 + 's', 3 + '>'}));
}

TEST(SentencePiece, AnyBytesSurviveAndLongRunsAreFast) {
  const auto tokenizer =
      Tokenizer::from_gguf(vocabulary({"a", "aa", "aaaa", "\xE2\x96\x81", "\xE2\x96\x81\xE2\x96\x81", "\xC3\xA9"}))
          .value();
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    std::string text(random() % 200, '\0');
    for (char& c : text) c = "a \xC3\xA9\xE2\x96\x81\xFF"[random() % 8];
    const auto tokens = tokenizer.encode(as_bytes(text));
    EXPECT_EQ(decoded(tokenizer, tokens), text);
    for (const Token token : tokens) EXPECT_FALSE(tokenizer.is_special(token));
  }
  const std::string big(1 << 20, 'a');
  EXPECT_EQ(tokenizer.encode(as_bytes(big)).size(), big.size() / 4);
}

TEST(SentencePiece, SurvivesGguf) {
  const auto tokenizer = Tokenizer::from_gguf(vocabulary({"a", "b", "ab", "\xE2\x96\x81", "\xE2\x96\x81\x61"})).value();
  GgufFile file;
  tokenizer.to_gguf(file);
  const auto again = Tokenizer::from_gguf(file);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->decode_hash(), tokenizer.decode_hash());
  EXPECT_EQ(again->encode(as_bytes(std::string_view("ab a!"))), tokenizer.encode(as_bytes(std::string_view("ab a!"))));
}

TEST(SentencePiece, RefusesWhatIsBroken) {
  const auto refuses = [](GgufFile file, const std::string& says) {
    const auto result = Tokenizer::from_gguf(file);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find(says), std::string::npos) << result.error().message;
  };
  GgufFile file = vocabulary({"a"});
  auto tokens = file.get_strings("tokenizer.ggml.tokens").value();
  tokens[10] = "<0xZZ>";
  file.metadata["tokenizer.ggml.tokens"] = tokens;
  refuses(file, "not written <0x..>");
  file = vocabulary({"a"});
  file.metadata["tokenizer.ggml.scores"] = std::vector<double>(5, 0);
  refuses(file, "scores do not match");
  file = vocabulary({"a"});
  auto types = std::get<std::vector<std::int64_t>>(file.metadata["tokenizer.ggml.token_type"]);
  types[50] = 5;
  file.metadata["tokenizer.ggml.token_type"] = types;
  refuses(file, "no token for byte 47");
  file = vocabulary({"a"});
  file.metadata.erase("tokenizer.ggml.bos_token_id");
  refuses(file, "neither a begin nor an end token");
  file.metadata["tokenizer.ggml.eos_token_id"] = std::uint64_t{2};
  EXPECT_EQ(Tokenizer::from_gguf(file).value().bos(), 2u);
}

TEST(SentencePiece, EncodesTheTestVectorsOfLlama2) {
  const std::string model = corpus_file("llama-2-tiny-random-gguf/llama-2-tiny-random.gguf");
  const auto vectors = test_vectors("llama-spm");
  if (model.empty() || vectors.empty())
    GTEST_SKIP() << "the vocabulary of Llama 2 or its test vectors are not here; set KOAN_CORPUS to the corpus folder";
  const auto file = parse_gguf(as_bytes(model));
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = Tokenizer::from_gguf(*file);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  // The vectors were made with a space put in front of every text; koan codes what is there.
  for (const auto& [text, tokens] : vectors) {
    const auto made = tokenizer->encode(as_bytes(text.empty() ? text : " " + text));
    EXPECT_EQ(made, tokens) << "'" << text << "'";
    EXPECT_EQ(decoded(*tokenizer, tokenizer->encode(as_bytes(text))), text);
  }
  EXPECT_EQ(vectors.size(), 46u);
}

}  // namespace
}  // namespace koan
