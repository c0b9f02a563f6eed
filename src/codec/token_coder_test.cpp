#include "codec/token_coder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "codec/model_store.h"
#include "codec/test_inputs.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

class TokenCoderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { model_ = Model::load(tiny_model()).value(); }
  static void TearDownTestSuite() { model_.reset(); }

  static CoderSetup setup(std::uint32_t predictors = kPredictorsAll, ByteView context = {}) {
    CoderSetup out;
    out.model = model_;
    out.kernels = choose_kernels().value();
    out.window = default_window(model_->config());
    out.predictors = predictors;
    if (!context.empty()) out.context = std::make_shared<const Bytes>(context.begin(), context.end());
    return out;
  }
  static std::vector<EncodeJob> encoded(TokenCoder& coder, const std::vector<Bytes>& texts) {
    std::vector<EncodeJob> jobs(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) jobs[i].text = texts[i];
    Progress progress(nullptr, 0);
    const Status status = coder.encode(jobs, progress);
    EXPECT_TRUE(status) << status.error().message;
    return jobs;
  }
  static Bytes encoded(const CoderSetup& how, const Bytes& text) {
    TokenCoder coder(how);
    return encoded(coder, {text})[0].coded;
  }
  static std::vector<DecodeJob> decoded(TokenCoder& coder, const std::vector<Bytes>& coded,
                                        const std::vector<std::uint64_t>& sizes) {
    std::vector<DecodeJob> jobs(coded.size());
    for (std::size_t i = 0; i < coded.size(); ++i) {
      jobs[i].coded = coded[i];
      jobs[i].text_bytes = sizes[i];
    }
    Progress progress(nullptr, 0);
    const Status status = coder.decode(jobs, progress);
    EXPECT_TRUE(status) << status.error().message;
    return jobs;
  }
  static DecodeJob decoded(const CoderSetup& how, const Bytes& coded, std::uint64_t size) {
    TokenCoder coder(how);
    return std::move(decoded(coder, {coded}, {size})[0]);
  }

  static std::shared_ptr<const Model> model_;
};
std::shared_ptr<const Model> TokenCoderTest::model_;

TEST_F(TokenCoderTest, RoundTripsWithEachPredictorWithAndWithoutContext) {
  const Bytes text = sample_text(2500), context = prose(1500, 40);
  std::vector<std::uint32_t> masks{0, kPredictorsAll};
  for (std::uint32_t bit = 1; bit < kPredictorsAll; bit *= 2) masks.insert(masks.end(), {bit, kPredictorsAll & ~bit});
  std::vector<Bytes> all;
  for (const std::uint32_t mask : masks) {
    for (const ByteView before : {ByteView(), ByteView(context)}) {
      SCOPED_TRACE(std::to_string(mask) + (before.empty() ? "" : " with context"));
      const CoderSetup how = setup(mask, before);
      const Bytes coded = encoded(how, text);
      const DecodeJob back = decoded(how, coded, text.size());
      EXPECT_FALSE(back.damaged);
      EXPECT_EQ(back.consumed, coded.size());
      EXPECT_TRUE(back.text == text);
      EXPECT_EQ(std::count(all.begin(), all.end(), coded), 0) << "a mask or a context that does nothing";
      all.push_back(coded);
    }
  }
}

TEST_F(TokenCoderTest, ContextHelpsAndAnotherDoesNotDecode) {
  const Bytes whole = prose(12000, 41), other = prose(9000, 42);
  const Bytes text(whole.begin() + 9000, whole.end()), context(whole.begin(), whole.begin() + 9000);
  const Bytes plain = encoded(setup(), text), primed = encoded(setup(kPredictorsAll, context), text);
  EXPECT_LT(primed.size(), plain.size() * 9 / 10);
  for (const ByteView wrong : {ByteView(), ByteView(other), ByteView(context).first(8999)}) {
    const DecodeJob back = decoded(setup(kPredictorsAll, wrong), primed, text.size());
    EXPECT_TRUE(back.damaged || back.text != text);
  }
}

TEST_F(TokenCoderTest, ContextsOfAnyLengthWork) {
  // Shorter than a token, than the window, longer than it; many of these do not end where a token does.
  const Bytes text = sample_text(1200), all = prose(30000, 43);
  const std::uint32_t window = setup().window.size;
  ASSERT_LT(window * 4, all.size()) << "the longest must not fit the window";
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{63}, std::size_t{1000}, all.size()}) {
    SCOPED_TRACE(size);
    const CoderSetup how = setup(kPredictorsAll, ByteView(all).first(size));
    EXPECT_TRUE(decoded(how, encoded(how, text), text.size()).text == text);
  }
}

TEST_F(TokenCoderTest, BytesDoNotDependOnWhatIsCodedBeside) {
  std::vector<Bytes> texts;
  for (const std::size_t size : {1u, 40u, 700u, 1500u, 3000u, 300u, 2048u, 5u}) {
    Bytes text = sample_text(9000);
    text.erase(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(texts.size() * 700));
    text.resize(size);
    texts.push_back(text);
  }
  const Bytes context = prose(500, 44);
  for (const ByteView before : {ByteView(), ByteView(context)}) {
    std::vector<Bytes> alone;
    for (const Bytes& text : texts) alone.push_back(encoded(setup(kPredictorsAll, before), text));
    std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6, 7};
    std::mt19937 rng(45);
    for (const unsigned threads : {1u, 2u, 4u}) {
      for (const unsigned streams : {1u, 3u, 16u}) {
        SCOPED_TRACE(std::to_string(threads) + " threads, " + std::to_string(streams) + " streams");
        std::shuffle(order.begin(), order.end(), rng);
        CoderSetup how = setup(kPredictorsAll, before);
        how.threads = threads;
        how.streams = streams;
        TokenCoder coder(how);
        std::vector<Bytes> shuffled, coded;
        std::vector<std::uint64_t> sizes;
        for (const std::size_t i : order) shuffled.push_back(texts[i]);
        const auto jobs = encoded(coder, shuffled);
        for (std::size_t k = 0; k < order.size(); ++k) {
          EXPECT_TRUE(jobs[k].coded == alone[order[k]]) << "text " << order[k];
          coded.push_back(jobs[k].coded);
          sizes.push_back(shuffled[k].size());
        }
        // The same coder again: what it keeps warm must not show.
        const auto back = decoded(coder, coded, sizes);
        for (std::size_t k = 0; k < order.size(); ++k) EXPECT_TRUE(back[k].text == shuffled[k]) << order[k];
      }
    }
  }
}

TEST_F(TokenCoderTest, CodedSizeIsTheIdealCodeLength) {
  const Bytes text = sample_text(65536);
  ASSERT_EQ(text.size(), 65536u);
  for (const std::uint32_t predictors : {0u, kPredictorsAll}) {
    TokenCoder coder(setup(predictors));
    const EncodeJob job = encoded(coder, {text})[0];
    const double ideal = job.ideal_bits / 8;
    EXPECT_LE(static_cast<double>(job.coded.size()), ideal * 1.0001 + 4);
    EXPECT_GE(static_cast<double>(job.coded.size()), ideal * 0.9999 - 4) << "less than ideal is a wrong ideal";
  }
}

TEST_F(TokenCoderTest, FindsWhereAStreamEnds) {
  const Bytes text = sample_text(900);
  Bytes coded = encoded(setup(), text);
  const std::size_t size = coded.size();
  for (const std::uint8_t byte : {0x00, 0xFF, 0x5A}) {
    Bytes longer = coded;
    longer.resize(size + 40, byte);
    const DecodeJob back = decoded(setup(), longer, text.size());
    EXPECT_FALSE(back.damaged);
    EXPECT_EQ(back.consumed, size);
  }
}

TEST_F(TokenCoderTest, DamagedStreamsNeverGiveTheText) {
  const Bytes text = sample_text(400);
  const Bytes coded = encoded(setup(), text);
  std::vector<Bytes> damaged;
  for (std::size_t n = 0; n < coded.size(); ++n)
    damaged.emplace_back(coded.begin(), coded.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t bit = 0; bit < coded.size() * 8; bit += 5) {
    damaged.push_back(coded);
    damaged.back()[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
  TokenCoder coder(setup());
  for (const DecodeJob& job : decoded(coder, damaged, std::vector<std::uint64_t>(damaged.size(), text.size()))) {
    EXPECT_TRUE(job.damaged || job.text != text || job.consumed != coded.size());
    EXPECT_LE(job.text.size(), text.size());
  }
}

// Whatever the bytes say: no token may be remembered beyond what the text, or the room made for it, holds. Lengths at
// powers of two leave the least room.
TEST_F(TokenCoderTest, NoiseIsDecodedToSomethingOrRefused) {
  std::vector<Bytes> noise;
  std::vector<std::uint64_t> sizes;
  for (unsigned i = 0; i < 120; ++i) {
    noise.push_back(random_bytes(400, 900 + i));
    sizes.push_back(std::uint64_t{1} << i % 9);
  }
  const Bytes context = prose(128, 46);
  for (const ByteView before : {ByteView(), ByteView(context)}) {
    TokenCoder coder(setup(kPredictorsAll, before));
    std::size_t refused = 0;
    for (const DecodeJob& job : decoded(coder, noise, sizes)) {
      refused += job.damaged;
      EXPECT_LE(job.text.size(), job.text_bytes);
    }
    EXPECT_GT(refused, noise.size() / 2);
  }
}

TEST_F(TokenCoderTest, AStreamThatIsTooShortForItsClaimIsLeftAtOnce) {
  const DecodeJob back = decoded(setup(), Bytes{1, 2, 3}, std::uint64_t{1} << 23);
  EXPECT_TRUE(back.damaged);
  EXPECT_LT(back.tokens, 1000u);
}

TEST_F(TokenCoderTest, CancellationIsAnError) {
  const Bytes text = sample_text(60000);
  EncodeJob job;
  job.text = text;
  Progress progress([](const ProgressReport&) { return false; }, text.size());
  TokenCoder coder(setup());
  const Status status = coder.encode(std::span(&job, 1), progress);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace koan
