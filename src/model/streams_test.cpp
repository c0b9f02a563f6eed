// The promise of streams.h: frequencies depend on a stream's tokens alone, not on how rows are grouped, what other
// streams do, or the instruction set.
#include "model/streams.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "kernels/dispatch.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

std::shared_ptr<const Weights> load(const TestShape& shape) {
  const TestModel model(shape);
  return std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
}

std::vector<Token> random_tokens(std::size_t n, std::uint64_t vocabulary, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Token> out(n);
  for (Token& token : out) token = static_cast<Token>(random() % vocabulary);
  return out;
}

std::uint64_t hash_of(const NextToken& next) {
  return xxh3_64({reinterpret_cast<const std::uint8_t*>(next.freqs.data()), next.freqs.size_bytes()}, next.total);
}

// One row at a time, one stream: the plainest way.
std::vector<std::uint64_t> step_by_step(std::shared_ptr<const Weights> weights, const Kernels* kernels, Window window,
                                        const std::vector<Token>& tokens) {
  Streams streams = Streams::create(std::move(weights), kernels, window, 1, 1).value();
  std::vector<std::uint64_t> out;
  for (const Token token : tokens) {
    const Row row{0, token};
    streams.forward({&row, 1});
    out.push_back(hash_of(streams.next(0)));
  }
  return out;
}

// All streams at once, in calls of random size whose rows come from random streams.
std::vector<std::vector<std::uint64_t>> shuffled(std::shared_ptr<const Weights> weights, const Kernels* kernels,
                                                 Window window, const std::vector<std::vector<Token>>& texts,
                                                 std::uint64_t seed, unsigned threads = 1) {
  constexpr std::uint32_t kMaxRows = 40;
  std::mt19937_64 random(seed);
  const auto n = static_cast<std::uint32_t>(texts.size());
  Streams streams = Streams::create(std::move(weights), kernels, window, n, kMaxRows).value();
  EXPECT_TRUE(streams.use_threads(threads));
  std::vector<std::vector<std::uint64_t>> out(n);
  std::vector<std::size_t> fed(n, 0);
  for (;;) {
    std::vector<Row> rows;
    const std::size_t size = 1 + random() % kMaxRows;
    while (rows.size() < size) {
      std::vector<std::uint32_t> open;
      for (std::uint32_t s = 0; s < n; ++s) {
        if (fed[s] < texts[s].size()) open.push_back(s);
      }
      if (open.empty()) break;
      const std::uint32_t stream = open[random() % open.size()];
      for (std::size_t run = 1 + random() % 20; run > 0 && rows.size() < size && fed[stream] < texts[stream].size();
           --run) {
        rows.push_back({stream, texts[stream][fed[stream]++]});
      }
    }
    if (rows.empty()) return out;
    streams.forward(rows);
    for (std::uint32_t r = 0; r < rows.size(); ++r) out[rows[r].stream].push_back(hash_of(streams.next(r)));
  }
}

class StreamsTest : public testing::Test {
 protected:
  const Kernels* kernels_ = choose_kernels().value();
};

TEST_F(StreamsTest, GroupingOfRowsChangesNothing) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"}) {
    TestShape shape{.architecture = architecture};
    const std::string_view name = architecture;
    if (name == "gemma2" || name == "gemma3") shape.keys = {{"attention.sliding_window", std::uint64_t{40}}};
    const auto weights = load(shape);
    for (const Window window :
         {Window{16, 0}, Window{16, 1}, Window{33, 4}, Window{50, 16}, Window{200, 4}, Window{512, 0}}) {
      std::vector<std::vector<Token>> texts;
      for (std::uint64_t s = 0; s < 4; ++s) texts.push_back(random_tokens(70 + 60 * s, shape.vocabulary, s));
      const auto together = shuffled(weights, kernels_, window, texts, window.size + window.sinks);
      for (std::size_t s = 0; s < texts.size(); ++s) {
        ASSERT_EQ(together[s], step_by_step(weights, kernels_, window, texts[s]))
            << architecture << " W " << window.size << " S " << window.sinks << " stream " << s;
      }
    }
  }
}

TEST_F(StreamsTest, EveryInstructionSetGivesTheSameBits) {
  const TestShape shapes[] = {{},
                              {.architecture = "qwen3", .head_dim = 64, .tied = false},
                              {.width = 40,
                               .feed_forward = 50,
                               .heads = 5,
                               .kv_heads = 1,
                               .head_dim = 8,
                               .vocabulary = 37,
                               .type = GgmlType::kF32},
                              {.architecture = "qwen2", .heads = 7, .kv_heads = 1, .head_dim = 48, .divisors = false},
                              {.divisors = true},
                              {.architecture = "gemma", .width = 72, .heads = 2, .kv_heads = 1, .head_dim = 64},
                              {.architecture = "gemma2",
                               .keys = {{"attention.sliding_window", std::uint64_t{20}},
                                        {"attn_logit_softcapping", 2.0},
                                        {"final_logit_softcapping", 4.0}}},
                              {.architecture = "gemma3",
                               .layers = 7,
                               .type = GgmlType::kF16,
                               .keys = {{"attention.sliding_window", std::uint64_t{33}}}}};
  std::vector<std::string> ran;
  for (const TestShape& shape : shapes) {
    const auto weights = load(shape);
    const std::vector<std::vector<Token>> texts = {random_tokens(160, shape.vocabulary, 7),
                                                   random_tokens(90, shape.vocabulary, 8)};
    const auto expected = shuffled(weights, scalar_kernels(), {40, 4}, texts, 1);
    for (const std::string_view isa : isa_names()) {
      const auto kernels = kernels_for(isa);
      if (!kernels) continue;
      ran.emplace_back((*kernels)->name);
      EXPECT_EQ(shuffled(weights, *kernels, {40, 4}, texts, 2), expected) << isa;
    }
  }
  std::string list;
  for (const std::string& name : ran) list += name + " ";
  RecordProperty("instruction_sets", list);
  EXPECT_GE(ran.size(), 3u) << "not even the scalar kernels ran";
}

TEST_F(StreamsTest, ThreadsThatHelpChangeNothing) {
  const TestShape shapes[] = {
      {.heads = 6, .kv_heads = 3},
      {.architecture = "qwen2", .heads = 7, .kv_heads = 1, .head_dim = 48},
      {.width = 40, .feed_forward = 50, .heads = 5, .kv_heads = 5, .head_dim = 8, .vocabulary = 37},
      {.architecture = "gemma2",
       .keys = {{"attention.sliding_window", std::uint64_t{20}}, {"final_logit_softcapping", 4.0}}}};
  for (const TestShape& shape : shapes) {
    const auto weights = load(shape);
    for (const std::size_t n : {1u, 3u}) {
      std::vector<std::vector<Token>> texts;
      for (std::uint64_t s = 0; s < n; ++s) texts.push_back(random_tokens(150, shape.vocabulary, s));
      const auto alone = shuffled(weights, kernels_, {40, 4}, texts, 1);
      for (const unsigned threads : {2u, 3u, 9u})
        EXPECT_EQ(shuffled(weights, kernels_, {40, 4}, texts, 2, threads), alone)
            << shape.architecture << ", " << threads << " threads";
    }
  }
}

TEST_F(StreamsTest, ThreadsComeAndGo) {
  const TestShape shape;
  const auto weights = load(shape);
  const std::vector<Token> text = random_tokens(60, shape.vocabulary, 3);
  const std::vector<std::uint64_t> expected = step_by_step(weights, kernels_, {32, 4}, text);
  Streams streams = Streams::create(weights, kernels_, {32, 4}, 1, 1).value();
  for (std::size_t i = 0; i < text.size(); ++i) {
    ASSERT_TRUE(streams.use_threads(1 + static_cast<unsigned>(i / 10 % 3)));
    const Row row{0, text[i]};
    streams.forward({&row, 1});
    ASSERT_EQ(hash_of(streams.next(0)), expected[i]) << i;
  }
}

TEST_F(StreamsTest, ResetForgetsOneStreamOnly) {
  const TestShape shape;
  const auto weights = load(shape);
  const Window window{32, 4};
  const std::vector<Token> text = random_tokens(100, shape.vocabulary, 3);
  const std::vector<std::uint64_t> expected = step_by_step(weights, kernels_, window, text);
  Streams streams = Streams::create(weights, kernels_, window, 2, 2).value();
  for (std::size_t i = 0; i < 60; ++i) {  // stream 0 reads another text backwards, stream 1 the text
    const Row rows[2] = {{0, text[99 - i]}, {1, text[i]}};
    streams.forward(rows);
  }
  streams.reset(0);
  for (std::size_t i = 0; i < 40; ++i) {
    const Row rows[2] = {{0, text[i]}, {1, text[60 + i]}};
    streams.forward(rows);
    ASSERT_EQ(hash_of(streams.next(0)), expected[i]) << i;
    ASSERT_EQ(hash_of(streams.next(1)), expected[60 + i]) << i;
  }
}

TEST_F(StreamsTest, FrequenciesAreWhatTheCoderNeeds) {
  const TestShape shape;
  Streams streams = Streams::create(load(shape), kernels_, {64, 4}, 1, 8).value();
  const std::vector<Row> rows(8, Row{0, 5});
  streams.forward(rows);
  for (std::uint32_t r : {7u, 0u, 3u, 3u}) {  // in any order, and twice
    const NextToken next = streams.next(r);
    ASSERT_EQ(next.freqs.size(), shape.vocabulary);
    std::uint64_t sum = 0;
    for (const std::uint32_t f : next.freqs) {
      EXPECT_GE(f, 1u);
      sum += f;
    }
    EXPECT_EQ(sum, next.total);
    EXPECT_GT(next.total, 1u << 30);
    EXPECT_LT(next.total, 1u << 31);
  }
  EXPECT_EQ(streams.next(3).freqs.data(), streams.next(3).freqs.data());
  EXPECT_GT(streams.memory_bytes(), 10000u);
}

TEST_F(StreamsTest, RefusesWhatIsOutOfRange) {
  const auto weights = load({});
  const auto refused = [&](Window window, std::uint32_t streams, std::uint32_t rows) {
    auto made = Streams::create(weights, kernels_, window, streams, rows);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kLimit);
  };
  refused({15, 0}, 1, 1);
  refused({65537, 0}, 1, 1);
  refused({64, 17}, 1, 1);
  refused({64, 0}, 0, 1);
  refused({64, 0}, 1, 0);
  refused({64, 0}, 1, 100000);
  refused({65536, 0}, 65536, 1);
  EXPECT_TRUE(Streams::create(weights, kernels_, {65536, 16}, 1, 1));
}

// Frequencies stay valid distributions whatever the weights are, as long as they are finite.
TEST_F(StreamsTest, HugeWeightsStillGiveFrequencies) {
  TestModel model({});
  for (const char* name :
       {"token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_down.weight", "blk.1.attn_v.weight"}) {
    Bytes& data = model.own_data(name);
    for (std::size_t i = 0; i < data.size(); i += 34) data[i] = 0xFF, data[i + 1] = 0x7B;  // the largest half
  }
  Bytes& norm = model.own_data("blk.1.ffn_norm.weight");
  for (std::size_t i = 3; i < norm.size(); i += 4) norm[i] = 0x7E;
  const auto weights = std::make_shared<const Weights>(Weights::from_gguf(model.file).value());
  std::vector<std::uint64_t> expected;
  for (const std::string_view isa : {std::string_view("scalar"), std::string_view(kernels_->name)}) {
    const std::vector<std::uint64_t> hashes =
        step_by_step(weights, kernels_for(isa).value(), {16, 2}, random_tokens(40, 200, 1));
    if (expected.empty()) expected = hashes;
    EXPECT_EQ(hashes, expected) << isa;
  }
  Streams streams = Streams::create(weights, kernels_, {16, 2}, 1, 1).value();
  const Row row{0, 3};
  streams.forward({&row, 1});
  EXPECT_GT(streams.next(0).total, 1u << 30);
}

}  // namespace
}  // namespace koan
