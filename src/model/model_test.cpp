#include "model/model.h"

#include <gtest/gtest.h>

#include <chrono>

#include "kernels/dispatch.h"
#include "model/streams.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

// 256 single bytes and one special token, padded with merges of a byte with itself.
Tokenizer byte_tokenizer(std::size_t size) {
  Tokenizer::Parts parts;
  parts.tokens.push_back("<|bos|>");
  parts.is_special.push_back(1);
  for (int b = 0; b < 256; ++b) parts.tokens.push_back(std::string(1, static_cast<char>(b)));
  for (Token b = 0; parts.tokens.size() < size; ++b) {
    const Token left = 1 + b % 256, right = 1 + b / 256 * 7 % 256;
    parts.merges.push_back({left, right, static_cast<Token>(parts.tokens.size())});
    parts.tokens.push_back(parts.tokens[left] + parts.tokens[right]);
  }
  parts.is_special.resize(size, 0);
  return Tokenizer::from_parts(std::move(parts)).value();
}

Bytes model_bytes(const TestShape& shape, std::size_t tokens) {
  TestModel model(shape);
  byte_tokenizer(tokens).to_gguf(model.file);
  return write_gguf(model.file);
}

TEST(Model, LoadsAndKnowsItself) {
  Bytes data = model_bytes({.vocabulary = 300}, 300);
  auto model = Model::load(data);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->config().vocabulary, 300u);
  EXPECT_EQ((*model)->config().name, "test");
  EXPECT_EQ((*model)->config().architecture, "llama");
  EXPECT_EQ((*model)->tokenizer().size(), 300u);
  EXPECT_EQ((*model)->sha256(), sha256(data));
  EXPECT_EQ((*model)->file_bytes(), data.size());
  EXPECT_EQ((*model)->parameters(), (*model)->weights().parameters);
  EXPECT_GT((*model)->multiply_adds_per_token(), 0u);
  std::fill(data.begin(), data.end(), 0xFF);  // the bytes need not outlive the call
  Streams streams = Streams::create(*model, choose_kernels().value(), {64, 4}, 1, 1).value();
  model->reset();  // nor need the caller's share of the model
  const Row row{0, 65};
  streams.forward({&row, 1});
  EXPECT_EQ(streams.next(0).freqs.size(), 300u);
}

TEST(Model, TheFileMayNameItsWindow) {
  TestModel model(TestShape{.vocabulary = 300});
  byte_tokenizer(300).to_gguf(model.file);
  EXPECT_EQ(Model::load(write_gguf(model.file)).value()->config().window, 0u);
  model.file.metadata["koan.window"] = std::uint64_t{320};
  EXPECT_EQ(Model::load(write_gguf(model.file)).value()->config().window, 320u);
}

TEST(Model, RefusesAVocabularyThatIsNotTheTokenizers) {
  const Bytes data = model_bytes({.vocabulary = 300}, 290);
  auto model = Model::load(data);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
}

TEST(Model, EveryTruncationIsAnError) {
  const Bytes data =
      model_bytes({.width = 32, .layers = 1, .feed_forward = 32, .heads = 1, .kv_heads = 1, .vocabulary = 260}, 260);
  ASSERT_TRUE(Model::load(data));
  for (std::size_t size = 0; size < data.size(); size += size < 6000 ? 1 : 97) {
    ASSERT_FALSE(Model::load(ByteView(data).first(size))) << size;
  }
  EXPECT_FALSE(Model::load({}));
}

// Whatever the bytes say, loading answers.
TEST(Model, SurvivesFlippedBits) {
  const unsigned seed = 5;
  Bytes data = model_bytes({.architecture = "qwen3",
                            .width = 32,
                            .layers = 1,
                            .feed_forward = 32,
                            .heads = 1,
                            .kv_heads = 1,
                            .vocabulary = 260},
                           260);
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    const std::size_t at = random() % 9000 % data.size();
    const auto bit = static_cast<std::uint8_t>(1u << random() % 8);
    data[at] ^= bit;
    auto model = Model::load(data);
    EXPECT_TRUE(model || !model.error().message.empty());
    data[at] ^= bit;
  }
}

TEST(Model, LoadTime) {
  const Bytes data = model_bytes(
      {.width = 256, .layers = 5, .feed_forward = 768, .heads = 8, .kv_heads = 2, .vocabulary = 4096}, 4096);
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(Model::load(data));
    best = std::min(best, std::chrono::steady_clock::now() - start);
  }
  RecordProperty("microseconds", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(best).count()));
}

}  // namespace
}  // namespace koan
