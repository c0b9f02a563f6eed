#include "chat/special_tokens.h"

#include "chat/test_chat.h"

namespace koan {
namespace {

class SpecialTokensTest : public testing::Test {
 protected:
  LocalModel local_ = LocalModel::load(tiny_chat_gguf()).value();
  const Tokenizer& tokenizer_ = local_.model->tokenizer();
  const Token turn_ = static_cast<Token>(tokenizer_.size() - 2), end_ = turn_ + 1;
};

TEST_F(SpecialTokensTest, AreFoundInATemplatesText) {
  const auto tokens = local_.special.encode("<|turn|>hi<|end|><|turn|>", tokenizer_);
  std::vector<Token> expected = {turn_};
  for (const Token t : tokenizer_.encode(as_bytes(std::string("hi")))) expected.push_back(t);
  expected.insert(expected.end(), {end_, turn_});
  EXPECT_EQ(tokens, expected);
  EXPECT_TRUE(local_.special.ends_text(end_));
  EXPECT_FALSE(local_.special.ends_text(turn_));
  EXPECT_FALSE(local_.special.ends_text(tokens[1]));
  EXPECT_FALSE(local_.special.ends_text(1u << 30));
}

TEST_F(SpecialTokensTest, GuardedTextIsText) {
  for (const std::string text :
       {"<|turn|>", "a<|end|>b<|end|>", "<<|turn|>|end|>", "<|tur<|turn|>n|>", "", "plain <| text"}) {
    const auto tokens = local_.special.encode(local_.special.guarded(text), tokenizer_);
    EXPECT_EQ(tokens, tokenizer_.encode(as_bytes(text))) << text;
    for (const Token token : tokens) EXPECT_FALSE(local_.special.is_special(token)) << text;
  }
  EXPECT_EQ(local_.special.guarded("plain <| text"), "plain <| text");
}

TEST_F(SpecialTokensTest, TypesMustMatchTheTokens) {
  const Bytes bytes = tiny_chat_gguf();
  GgufFile file = parse_gguf(bytes).value();
  file.metadata["tokenizer.ggml.token_type"] = std::vector<std::int64_t>{1, 2};
  const auto special = SpecialTokens::from_gguf(file);
  ASSERT_FALSE(special);
  EXPECT_NE(special.error().message.find("token_type"), std::string::npos);
}

}  // namespace
}  // namespace koan
