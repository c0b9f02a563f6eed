#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "codec/test_codec.h"

namespace koan {
namespace {

class CodecTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { codec_ = tiny_codec().release(); }
  static void TearDownTestSuite() { delete codec_; }

  static Bytes compressed(ByteView raw, const CodecOptions& options = {}, CodecStats* stats = nullptr) {
    return koan::compressed(*codec_, raw, options, stats);
  }
  static Result<Bytes> decompressed(ByteView coded, const CodecOptions& options = {}) {
    return koan::decompressed(*codec_, coded, options);
  }
  static Codec* codec_;
};
Codec* CodecTest::codec_ = nullptr;

TEST_F(CodecTest, EveryInputComesBackAndHardlyGrows) {
  for (const auto& [name, raw] : test_inputs()) {
    SCOPED_TRACE(name);
    const Bytes coded = compressed(raw);
    EXPECT_LE(coded.size(), raw.size() + 64 + raw.size() / 1000);
    const auto back = decompressed(coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == raw);
  }
}

TEST_F(CodecTest, BytesDoNotDependOnThreadsOrStreams) {
  const Bytes text = sample_text(30000);
  CodecOptions options;
  options.segment_bytes = 2000;
  const Bytes reference = compressed(text, options);
  for (const unsigned threads : {1u, 2u, 4u}) {
    for (const unsigned streams : {1u, 3u, 16u}) {
      options.threads = threads;
      options.streams = streams;
      EXPECT_TRUE(compressed(text, options) == reference) << threads << " threads, " << streams << " streams";
      const auto back = decompressed(reference, options);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_TRUE(*back == text) << threads << " threads, " << streams << " streams";
    }
  }
}

TEST(EmbeddedModel, IsTheDefaultAndCodesTextAndMessages) {
  const auto codec = std::move(Codec::create().value());
  for (const std::size_t size : {500u, 6000u}) {
    const Bytes text = sample_text(size);
    CodecStats stats;
    const Bytes coded = compressed(*codec, text, {}, &stats);
    EXPECT_EQ(stats.model_segments, 1u);
    EXPECT_LT(coded.size(), text.size() / 2);
    const auto back = decompressed(*codec, coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == text);
  }
}

TEST_F(CodecTest, EveryLevelComesBackWithTheModelOrWithout) {
  const Bytes text = sample_text(40000);
  for (int level = 1; level <= 9; ++level) {
    SCOPED_TRACE(level);
    CodecOptions options;
    options.level = level;
    CodecStats stats;
    const Bytes coded = compressed(text, options, &stats);
    EXPECT_EQ(stats.model_segments > 0, level_of(level).use_model);
    const auto back = decompressed(coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == text);
    compressed(sample_text(700), options, &stats);
    EXPECT_EQ(stats.model_segments, 1u) << "messages use the model at every level";
  }
}

TEST_F(CodecTest, SegmentsAreAsManyAsAskedFor) {
  const Bytes text = sample_text(60000);
  for (const std::uint32_t segments : {1u, 2u, 7u}) {
    CodecOptions options;
    options.segments = segments;
    CodecStats stats;
    const auto back = decompressed(compressed(text, options, &stats));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == text);
    EXPECT_EQ(stats.segments, segments);
  }
}

TEST_F(CodecTest, EncodingTwiceGivesTheSameBytes) {
  const Bytes text = sample_text(20000);
  EXPECT_TRUE(compressed(text) == compressed(text));
}

TEST_F(CodecTest, CodedSizeIsTheIdealCodeLength) {
  CodecStats stats;
  CodecOptions options;
  options.segment_bytes = 4096;
  compressed(sample_text(60000), options, &stats);
  ASSERT_GT(stats.model_segments, 10u);
  EXPECT_LE(static_cast<double>(stats.model_coded_bytes),
            stats.model_ideal_bits / 8 * 1.0001 + 4.0 * static_cast<double>(stats.model_segments));
}

TEST_F(CodecTest, PartsConcatenate) {
  const Bytes small = sample_text(700), large = sample_text(9000), noise = random_bytes(5000, 3);
  Bytes all, expected;
  for (const Bytes* part : {&small, &large, &small, &noise, &small}) {
    append_bytes(all, compressed(*part));
    append_bytes(expected, *part);
  }
  const auto back = decompressed(all);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == expected);
  all.push_back('x');
  EXPECT_EQ(decompressed(all).error().code, ErrorCode::kCorrupt);
}

TEST_F(CodecTest, SmallInputsTakeTheCompactForm) {
  CodecStats stats;
  const Bytes text = sample_text(1000);
  const Bytes coded = compressed(text, {}, &stats);
  EXPECT_TRUE(is_message_start(coded[0]));
  EXPECT_LE(coded.size(), stats.model_coded_bytes + 8);
  EXPECT_EQ(compressed(Bytes{}).size(), 5u);
  EXPECT_FALSE(is_message_start(compressed(prose(4096, 5))[0]));
}

TEST_F(CodecTest, CrlfCostsLittle) {
  const Bytes lf = sample_text(30000);
  Bytes crlf;
  for (std::uint8_t b : lf) {
    if (b == '\n') crlf.push_back('\r');
    crlf.push_back(b);
  }
  EXPECT_LE(compressed(crlf).size(), compressed(lf).size() + 40);
}

TEST_F(CodecTest, LinksSegmentsOfBinaryDataAtNoCost) {
  // Repetitive binary data far longer than a segment must cost what one LZMA stream costs.
  Bytes data;
  const Bytes page = random_bytes(30000, 8);
  for (int i = 0; i < 12; ++i) append_bytes(data, page);
  EXPECT_LT(compressed(data).size(), 31500u);
}

TEST_F(CodecTest, BadOptionsAndCancellationAreErrors) {
  const Bytes text = sample_text(50000);
  MemorySink sink;
  const auto code_with = [&](const CodecOptions& options) {
    MemorySource source(text);
    auto result = codec_->compress(options, source, sink);
    return result ? ErrorCode::kInternal : result.error().code;
  };
  CodecOptions options;
  options.level = 10;
  EXPECT_EQ(code_with(options), ErrorCode::kUsage);
  options = {};
  options.segment_bytes = 10;
  EXPECT_EQ(code_with(options), ErrorCode::kUsage);
  options = {};
  options.segments = 8193;
  EXPECT_EQ(code_with(options), ErrorCode::kUsage);
  options = {};
  options.segments = 2;
  options.segment_bytes = 4096;
  EXPECT_EQ(code_with(options), ErrorCode::kUsage);
  options = {};
  options.progress = [](const ProgressReport&) { return false; };
  EXPECT_EQ(code_with(options), ErrorCode::kCancelled);
}

TEST_F(CodecTest, UnknownModelIsNamed) {
  Bytes coded = compressed(sample_text(9000));
  // A well-formed file that names another model: rewrite the record with its check.
  ModelRef ref = model_ref(*codec_->store().default_model(), default_window(codec_->store().default_model()->config()));
  Bytes old_record, new_record;
  append_model_record(old_record, ref);
  ref.sha256[0] ^= 1;
  append_model_record(new_record, ref);
  const auto at = std::search(coded.begin(), coded.end(), old_record.begin(), old_record.end());
  ASSERT_NE(at, coded.end());
  std::copy(new_record.begin(), new_record.end(), at);
  const auto result = decompressed(coded);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNeedsModel);
  EXPECT_NE(result.error().message.find(to_hex(ref.sha256)), std::string::npos);

  ref.sha256[0] ^= 1;
  ref.numerics_version = kNumericsVersion + 1;
  new_record.clear();
  append_model_record(new_record, ref);
  std::copy(new_record.begin(), new_record.end(), coded.begin() + 13);
  EXPECT_EQ(decompressed(coded).error().code, ErrorCode::kNeedsVersion);
}

TEST_F(CodecTest, TheCostOfRecordsIsApartFromThatOfTheirLines) {
  CodecOptions options;
  options.records = RecordFields{"text", "prompt"};
  const auto listing = [&](const std::string& prompt, const std::string& text) {
    std::string lines;
    for (int i = 0; i < 5; ++i)
      lines += "{\"prompt\": \"" + prompt + "\", \"text\": \"" + text + std::to_string(i) + "\"}\n";
    const Bytes coded = compressed(as_bytes(lines), options);
    MemorySource source(coded);
    auto out = codec_->records({}, source);
    EXPECT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->records.size(), 5u);
    std::uint64_t streams = 0;
    for (const RecordInfo& record : out->records) streams += record.coded_bytes;
    EXPECT_GT(out->skeleton_bytes, 0u);
    EXPECT_LT(streams + out->skeleton_bytes, out->block_bytes);
    EXPECT_LT(out->block_bytes, coded.size());
    return *out;
  };
  const RecordListing few = listing("why", "because"), other = listing("why", "for another, longer reason "),
                      more = listing("why is it so, of all that could be?", "because");
  EXPECT_EQ(few.skeleton_bytes, other.skeleton_bytes);
  EXPECT_LT(few.skeleton_bytes, more.skeleton_bytes);
}

}  // namespace
}  // namespace koan
