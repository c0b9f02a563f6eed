// Coding with a context (docs/format.md "Context record"): the right one, another, none, one too many.
#include "codec/test_codec.h"
#include "codec/test_frame.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

class ContextTest : public testing::Test {
 protected:
  static CodecOptions with(ByteView context, int level = 6) {
    CodecOptions options;
    options.context = context;
    options.level = level;
    return options;
  }
  void expect_refused(ByteView coded, ByteView context, ErrorCode code, const std::string& says) {
    const auto back = decompressed(*codec_, coded, with(context));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, code) << back.error().message;
    for (const std::string& part : {says, std::string("--context FILE")})
      EXPECT_NE(back.error().message.find(part), std::string::npos) << back.error().message;
  }
  void expect_back(ByteView coded, ByteView context, ByteView raw) {
    const auto back = decompressed(*codec_, coded, with(context));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(std::ranges::equal(*back, raw));
  }

  std::unique_ptr<Codec> codec_ = tiny_codec();
  Bytes context_ = prose(6000, 30), other_ = prose(6000, 31);
};

TEST_F(ContextTest, FramesNameTheirContextAndNeedIt) {
  for (const int level : {1, 6}) {
    SCOPED_TRACE(level);
    const Bytes raw = level == 1 ? markov(20000, 3) : sample_text(20000);
    const Bytes coded = compressed(*codec_, raw, with(context_, level));
    const PartInfo part = part_of(coded);
    ASSERT_TRUE(part.context);
    EXPECT_EQ(part.context->bytes, context_.size());
    EXPECT_EQ(part.context->hash, xxh3_128(context_));
    expect_back(coded, context_, raw);
    const std::string named = to_hex(xxh3_128(context_)) + " (6000 bytes)";
    expect_refused(coded, {}, ErrorCode::kNeedsContext, named);
    expect_refused(coded, other_, ErrorCode::kNeedsContext, named);
    expect_refused(coded, ByteView(context_).first(5999), ErrorCode::kNeedsContext, "not the one given");
  }
}

TEST_F(ContextTest, MessagesNeedTheirContext) {
  const Bytes raw = sample_text(600);
  const Bytes coded = compressed(*codec_, raw, with(context_));
  ASSERT_TRUE(is_message_start(coded[0]));
  expect_back(coded, context_, raw);
  expect_refused(coded, {}, ErrorCode::kNeedsModel, "message id");
  expect_refused(coded, other_, ErrorCode::kNeedsModel, "message id");
}

TEST_F(ContextTest, OneThatIsNotNeededIsFine) {
  for (const std::size_t size : {600u, 9000u}) {
    const Bytes raw = sample_text(size);
    expect_back(compressed(*codec_, raw), context_, raw);
  }
  // Of a file with parts of both kinds the context goes to those that name it.
  const Bytes plain = sample_text(9000), primed = sample_text(12000);
  Bytes both = compressed(*codec_, plain), expected = plain;
  append_bytes(both, compressed(*codec_, primed, with(context_)));
  append_bytes(both, compressed(*codec_, plain));
  append_bytes(expected, primed);
  append_bytes(expected, plain);
  expect_back(both, context_, expected);
}

TEST_F(ContextTest, IsNotNamedWhereNothingDependsOnIt) {
  const Bytes noise = random_bytes(20000, 4);
  const Bytes coded = compressed(*codec_, noise, with(context_));
  EXPECT_FALSE(part_of(coded).context);
  EXPECT_TRUE(coded == compressed(*codec_, noise));
  expect_back(coded, {}, noise);
}

TEST_F(ContextTest, PrimesContextMixing) {
  const Bytes all = markov(60000, 5);
  const ByteView before = ByteView(all).first(50000), raw = ByteView(all).subspan(50000);
  EXPECT_LT(compressed(*codec_, raw, with(before, 1)).size() + 23, compressed(*codec_, raw, with({}, 1)).size());
}

// Segments of a coder that was set up by hand: the codec must set up its own by what the file says, not by its level.
TEST_F(ContextTest, ContextAndPredictorsAreThoseThatTheFrameSays) {
  const std::shared_ptr<const Model>& model = codec_->store().default_model();
  const Bytes text = sample_text(1500);
  for (const std::uint32_t predictors : {0u, 1u, kPredictorsAll & ~1u, kPredictorsAll}) {
    for (const bool primed : {false, true}) {
      SCOPED_TRACE(std::to_string(predictors) + (primed ? " primed" : ""));
      CoderSetup setup;
      setup.model = model;
      setup.kernels = choose_kernels().value();
      setup.window = default_window(model->config());
      setup.predictors = predictors;
      if (primed) setup.context = std::make_shared<const Bytes>(context_);
      TokenCoder coder(std::move(setup));
      Progress progress(nullptr, 0);
      EncodeJob job;
      job.text = text;
      ASSERT_TRUE(coder.encode(std::span(&job, 1), progress));
      const ContextRef ref{context_.size(), xxh3_128(context_)};
      TestFrame frame(kSegmentLog, primed ? std::optional(ref) : std::nullopt);
      frame.model(model_ref(*model, default_window(model->config()), predictors));
      frame.segment({Method::kModel, Transform::kNone, text.size(), text.size(), job.coded.size(), 0}, job.coded, text);
      const Bytes file = frame.end();
      EXPECT_EQ(part_of(file).model->predictors, predictors);
      expect_back(file, context_, text);
    }
  }
}

TEST_F(ContextTest, HasALimitAndMayChangeBetweenCalls) {
  const Bytes large(kMaxContext + 1, 'x'), raw = sample_text(600);
  MemorySource source(raw);
  MemorySink sink;
  EXPECT_EQ(codec_->compress(with(large), source, sink).error().code, ErrorCode::kLimit);
  // The copy that the codec keeps is of the bytes, not of the place.
  Bytes moving = context_;
  const Bytes first = compressed(*codec_, raw, with(moving));
  moving = other_;
  const Bytes second = compressed(*codec_, raw, with(moving));
  EXPECT_FALSE(first == second);
  expect_back(first, context_, raw);
  expect_back(second, other_, raw);
}

}  // namespace
}  // namespace koan
