// A real, if tiny, foreign model: stories260K (llama2.c). Heads of 8, feed-forward of 172, F32 weights: everything
// needs padding and conversion.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <random>

#include "kernels/dispatch.h"
#include "model/reference_forward.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

Bytes read_stories() {
  const char* folder = std::getenv("KOAN_CORPUS");
  std::ifstream in(std::string(folder ? folder : "/work/shared/corpus") + "/weights/stories260K/stories260K-F32.gguf",
                   std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

class Stories : public testing::Test {
 protected:
  void SetUp() override {
    data_ = read_stories();
    if (data_.empty()) GTEST_SKIP() << "stories260K-F32.gguf is not here; set KOAN_CORPUS to the corpus folder";
    auto file = parse_gguf(data_);
    ASSERT_TRUE(file) << file.error().message;
    file_ = std::move(*file);
    pieces_ = file_.get_strings("tokenizer.ggml.tokens").value();
    auto weights = Weights::from_gguf(file_);
    ASSERT_TRUE(weights) << weights.error().message;
    weights_ = std::make_shared<const Weights>(std::move(*weights));
  }

  Token id(const std::string& piece) const {
    return static_cast<Token>(std::find(pieces_.begin(), pieces_.end(), piece) - pieces_.begin());
  }

  // SentencePiece writes a space as U+2581.
  std::string text(Token token) const {
    const std::string& piece = pieces_[token];
    std::string out;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (piece.compare(i, 3, "\xE2\x96\x81") == 0) {
        out += ' ';
        i += 2;
      } else {
        out += piece[i];
      }
    }
    return out;
  }

  // 120 tokens that the model itself likes, drawn with its own probabilities.
  std::vector<Token> sampled_tokens() const {
    std::mt19937 random(11);
    Streams streams = Streams::create(weights_, choose_kernels().value(), {512, 0}, 1, 1).value();
    std::vector<Token> tokens = {1};
    while (tokens.size() < 120) {
      const Row row{0, tokens.back()};
      streams.forward({&row, 1});
      const NextToken next = streams.next(0);
      std::uint32_t start = 0;
      const auto n = static_cast<std::int32_t>(next.freqs.size());
      tokens.push_back(static_cast<Token>(choose_kernels().value()->find(
          next.freqs.data(), n, static_cast<std::uint32_t>(random()) % next.total, &start)));
    }
    return tokens;
  }

  Bytes data_;
  GgufFile file_;
  std::vector<std::string> pieces_;
  std::shared_ptr<const Weights> weights_;
};

TEST_F(Stories, GreedyContinuation) {
  std::vector<Token> prompt = {1};  // begin
  for (const char* piece : {"\xE2\x96\x81Once", "\xE2\x96\x81upon",
                            "\xE2\x96\x81"
                            "a",
                            "\xE2\x96\x81time"}) {
    ASSERT_LT(id(piece), pieces_.size()) << piece;
    prompt.push_back(id(piece));
  }
  Streams streams = Streams::create(weights_, choose_kernels().value(), {512, 0}, 1, 8).value();
  std::vector<Row> rows;
  for (const Token token : prompt) rows.push_back({0, token});
  streams.forward(rows);
  std::string story;
  const std::string expected = ", there was a little girl named Lily.";
  auto last = static_cast<std::uint32_t>(rows.size() - 1);
  while (story.size() < expected.size()) {
    const auto freqs = streams.next(last).freqs;
    const auto best = static_cast<Token>(std::max_element(freqs.begin(), freqs.end()) - freqs.begin());
    story += text(best);
    const Row row{0, best};
    streams.forward({&row, 1});
    last = 0;
  }
  EXPECT_EQ(story.substr(0, expected.size()), expected);
}

TEST_F(Stories, AgreesWithDoublePrecision) {
  std::vector<Token> tokens = {1};
  std::vector<Row> rows = {{0, 1}};
  Streams streams = Streams::create(weights_, choose_kernels().value(), {512, 0}, 1, 1).value();
  std::vector<double> bits;
  std::vector<std::vector<std::uint32_t>> freqs;
  std::vector<std::uint32_t> totals;
  for (int i = 0; i < 120; ++i) {
    streams.forward({&rows.back(), 1});
    const NextToken next = streams.next(0);
    freqs.emplace_back(next.freqs.begin(), next.freqs.end());
    totals.push_back(next.total);
    tokens.push_back(static_cast<Token>(std::max_element(next.freqs.begin(), next.freqs.end()) - next.freqs.begin()));
    rows.push_back({0, tokens.back()});
  }
  const auto expected = ReferenceForward(file_).run(tokens, {512, 0});
  double sum = 0;
  for (std::size_t i = 0; i < freqs.size(); ++i) sum += divergence(expected[i], {freqs[i], totals[i]});
  RecordProperty("mean_bits", std::to_string(sum / 120));
  EXPECT_LT(sum / 120, 3e-3);  // weights converted from F32 included
}

// Quantised as a converter would do it: matrices whose rows fit the blocks, the others in F16. Measured against the
// float64 forward pass over the quantised weights.
TEST_F(Stories, QuantisedFilesAgreeWithDoublePrecision) {
  const std::vector<Token> tokens = sampled_tokens();
  std::vector<Row> rows;
  for (const Token token : tokens) rows.push_back({0, token});
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16, GgmlType::kQ8_0, GgmlType::kQ4_0,
                              GgmlType::kQ4_1, GgmlType::kQ5_0, GgmlType::kQ5_1}) {
    std::deque<Bytes> data;
    GgufFile file = file_;
    for (GgufTensor& tensor : file.tensors) {
      if (tensor.shape.size() != 2) continue;
      tensor.type = tensor.shape[0] % ggml_block(type).elements == 0 ? type : GgmlType::kF16;
      std::vector<float> values;
      for (const double value : dequantise(*file_.find(tensor.name))) values.push_back(static_cast<float>(value));
      data.push_back(quantise(values, tensor.type));
      tensor.data = data.back();
    }
    const auto weights = std::make_shared<const Weights>(Weights::from_gguf(file).value());
    Streams streams = Streams::create(weights, choose_kernels().value(), {512, 0}, 1, 128).value();
    streams.forward(rows);
    const auto expected = ReferenceForward(file).run(tokens, {512, 0});
    double bits = 0;
    for (std::uint32_t i = 0; i < tokens.size(); ++i) bits += divergence(expected[i], streams.next(i));
    bits /= static_cast<double>(tokens.size());
    const auto converted = ReferenceForward(ConvertedModel(file).file).run(tokens, {512, 0});
    double conversion = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) conversion += divergence(expected[i], converted[i]);
    conversion /= static_cast<double>(tokens.size());
    RecordProperty(ggml_type_name(type), std::to_string(bits) + " of them conversion " + std::to_string(conversion));
    EXPECT_LT(bits, 8e-3) << ggml_type_name(type);
    EXPECT_LT(conversion, 2e-3) << ggml_type_name(type);
  }
}

// Its SentencePiece vocabulary of 512 tokens: text and any other bytes come back.
TEST_F(Stories, LoadsWithItsTokenizer) {
  const auto model = Model::load(data_);
  ASSERT_TRUE(model) << model.error().message;
  const Tokenizer& tokenizer = (*model)->tokenizer();
  EXPECT_EQ(tokenizer.size(), 512u);
  for (const std::string text : {"Once upon a time, there was a little girl.", "\xFF\xE2\x96\x81 \n\0z", ""}) {
    const auto tokens = tokenizer.encode(as_bytes(text));
    Bytes back;
    for (const Token token : tokens) tokenizer.append_decoded(token, back);
    EXPECT_EQ(as_text(back), text);
  }
  EXPECT_LT(tokenizer.encode(as_bytes(std::string("Once upon a time"))).size(), 8u);
}

}  // namespace
}  // namespace koan
