#include "model/model.h"

#include <gtest/gtest.h>

#include <chrono>

#include "formats/adapter.h"
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

Adapter attention_adapter(const Sha256& base) {
  Adapter out;
  out.name = "tales";
  out.architecture = "llama";
  out.alpha = 2;
  out.tensors.push_back(
      {"blk.0.attn_q.weight", 2, 64, 128, std::vector<float>(128, 0.5f), std::vector<float>(256, 0.25f)});
  out.metadata["koan.adapter.base_sha256"] = to_hex(base);
  out.metadata["koan.adapter.base_name"] = std::string("trainee");
  return parse_adapter(write_adapter(out)).value();
}

TEST(Model, WithAnAdapterIsStillItself) {
  const Bytes data = model_bytes({.vocabulary = 300}, 300);
  auto base = Model::load(data).value();
  EXPECT_FALSE(base->adapter());
  const Adapter adapter = attention_adapter(base->sha256());
  auto merged = Model::with_adapter(*base, adapter);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ((*merged)->sha256(), base->sha256());
  EXPECT_EQ((*merged)->file_bytes(), base->file_bytes());
  EXPECT_EQ(&(*merged)->tokenizer(), &base->tokenizer());
  ASSERT_TRUE((*merged)->adapter());
  EXPECT_EQ((*merged)->adapter()->sha256, adapter.sha256);
  EXPECT_EQ((*merged)->adapter()->name, "tales");
  const auto first_frequencies = [](const std::shared_ptr<const Model>& model) {
    Streams streams = Streams::create(model, choose_kernels().value(), {64, 4}, 1, 2).value();
    const Row rows[] = {{0, 65}, {0, 66}};
    streams.forward(rows);
    const auto freqs = streams.next(1).freqs;
    return std::vector<std::uint32_t>(freqs.begin(), freqs.end());
  };
  const auto of_base = first_frequencies(base), of_merged = first_frequencies(*merged);
  EXPECT_NE(of_base, of_merged);
  base.reset();  // the merged model keeps what it shares
  EXPECT_EQ(first_frequencies(*merged), of_merged);
  auto twice = Model::with_adapter(**merged, adapter);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::kUsage);
}

TEST(Model, AnAdapterOfAnotherBaseIsRefusedByHash) {
  auto base = Model::load(model_bytes({.vocabulary = 300}, 300)).value();
  auto other = Model::load(model_bytes({.vocabulary = 300, .seed = 2}, 300)).value();
  auto merged = Model::with_adapter(*base, attention_adapter(other->sha256()));
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kNeedsModel);
  for (const std::string& word : {to_hex(base->sha256()), to_hex(other->sha256()), std::string("trainee")})
    EXPECT_NE(merged.error().message.find(word), std::string::npos) << merged.error().message;
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
