#include "formats/part.h"

#include <gtest/gtest.h>

#include <bit>

namespace koan {
namespace {

constexpr SegmentHead kSegment{Method::kModel, Transform::kNone, 5000, 5000, 900, 0};

ModelRef model() {
  ModelRef ref;
  ref.numerics_version = 1;
  for (std::size_t i = 0; i < ref.sha256.size(); ++i) ref.sha256[i] = static_cast<std::uint8_t>(i * 7);
  for (std::size_t i = 0; i < ref.tokenizer_hash.size(); ++i)
    ref.tokenizer_hash[i] = static_cast<std::uint8_t>(200 - i);
  ref.window = 512;
  ref.sinks = 4;
  ref.predictors = 0x05;
  return ref;
}

Bytes written(const SegmentHead& head) {
  Bytes out;
  append_segment_head(out, head);
  return out;
}
Bytes written(const MessageHead& head) {
  Bytes out;
  append_message_head(out, head);
  return out;
}

template <typename Parse>
ErrorCode code_of(const Bytes& bytes, Parse parse) {
  ByteReader in(bytes);
  const auto result = parse(in);
  return result ? ErrorCode::kInternal : result.error().code;  // kInternal: it was accepted
}
const auto kParseFrame = [](ByteReader& in) { return parse_frame_header(in); };
const auto kParseContext = [](ByteReader& in) { return parse_context_record(in); };
const auto kParseModel = [](ByteReader& in) { return parse_model_record(in); };
const auto kParseSegment = [](ByteReader& in) { return parse_segment_head(in, kSegmentLog); };
const auto kParseMessage = [](ByteReader& in) { return parse_message_head(in); };

// Every cut and every flipped bit of something with a check value of its own.
template <typename Parse>
void expect_guarded(Bytes bytes, Parse parse) {
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(code_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)), parse), ErrorCode::kCorrupt)
        << "cut at " << n;
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(code_of(bytes, parse), ErrorCode::kCorrupt) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

// The nine bytes of a frame header with these values, and the right check.
Bytes frame_header(std::uint8_t version, std::uint8_t log, std::uint8_t flags) {
  Bytes out(std::begin(kFrameMagic), std::end(kFrameMagic));
  for (const std::uint8_t b : {version, log, flags}) out.push_back(b);
  append_fixed<std::uint32_t>(out, static_cast<std::uint32_t>(xxh3_64(out)));
  return out;
}

TEST(FrameHeader, RoundTripsAndIsGuarded) {
  for (std::uint32_t log = kMinSegmentLog; log <= kMaxSegmentLog; ++log) {
    for (const bool has_context : {false, true}) {
      Bytes bytes;
      append_frame_header(bytes, {log, has_context});
      ASSERT_EQ(bytes.size(), 13u);
      EXPECT_TRUE(is_frame_start(bytes[0]));
      ByteReader in(bytes);
      const FrameHeader back = parse_frame_header(in).value();
      EXPECT_EQ(back.segment_log, log);
      EXPECT_EQ(back.has_context, has_context);
      EXPECT_EQ(in.remaining(), 0u);
    }
  }
  for (const bool has_context : {false, true}) {
    Bytes bytes;
    append_frame_header(bytes, {23, has_context});
    EXPECT_EQ(bytes, frame_header(1, 23, has_context ? 1 : 0));
    expect_guarded(bytes, kParseFrame);
  }
}

TEST(FrameHeader, RefusesOtherVersionsAndValuesOutOfRange) {
  EXPECT_EQ(code_of(frame_header(2, 23, 0), kParseFrame), ErrorCode::kNeedsVersion);
  EXPECT_EQ(code_of(frame_header(0, 23, 0), kParseFrame), ErrorCode::kNeedsVersion);
  EXPECT_EQ(code_of(frame_header(1, 9, 0), kParseFrame), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(frame_header(1, 27, 0), kParseFrame), ErrorCode::kCorrupt);
  for (int bit = 1; bit < 8; ++bit) {
    EXPECT_EQ(code_of(frame_header(1, 23, static_cast<std::uint8_t>(1u << bit)), kParseFrame), ErrorCode::kCorrupt);
  }
}

ContextRef context(std::uint64_t bytes) {
  ContextRef ref{bytes, {}};
  for (std::size_t i = 0; i < ref.hash.size(); ++i) ref.hash[i] = static_cast<std::uint8_t>(i * 11 + 1);
  return ref;
}

TEST(ContextRecord, RoundTripsAndIsGuarded) {
  for (const std::uint64_t length : {std::uint64_t{1}, std::uint64_t{5000}, kMaxContext}) {
    Bytes bytes;
    append_context_record(bytes, context(length));
    EXPECT_EQ(bytes[0], kTagContext);
    EXPECT_LE(bytes.size(), kMaxRecordHead);
    ByteReader in(bytes);
    EXPECT_TRUE(parse_context_record(in).value() == context(length));
    EXPECT_EQ(in.remaining(), 0u);
    expect_guarded(bytes, kParseContext);
  }
}

TEST(ContextRecord, RefusesLengthsOutOfRangeAndOtherRecords) {
  const auto code = [](std::uint64_t length) {
    Bytes bytes;
    append_context_record(bytes, context(length));
    return code_of(bytes, kParseContext);
  };
  EXPECT_EQ(code(0), ErrorCode::kCorrupt);
  EXPECT_EQ(code(kMaxContext + 1), ErrorCode::kCorrupt);
  EXPECT_EQ(code(UINT64_MAX), ErrorCode::kCorrupt);
  Bytes other;
  append_model_record(other, model());
  EXPECT_EQ(code_of(other, kParseContext), ErrorCode::kCorrupt);
}

TEST(ModelRecord, RoundTripsAndIsGuarded) {
  Bytes bytes;
  append_model_record(bytes, model());
  EXPECT_EQ(bytes.size(), 1 + 1 + 32 + 16 + 2 + 1 + 1 + 4u);
  ByteReader in(bytes);
  const ModelRef back = parse_model_record(in).value();
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_EQ(back.sha256, model().sha256);
  EXPECT_EQ(back.tokenizer_hash, model().tokenizer_hash);
  EXPECT_EQ(back.numerics_version, 1u);
  EXPECT_EQ(back.window, 512u);
  EXPECT_EQ(back.sinks, 4u);
  EXPECT_EQ(back.predictors, 0x05u);
  expect_guarded(bytes, kParseModel);
}

TEST(ModelRecord, RefusesWindowsOutOfRange) {
  const auto code = [](std::uint32_t window, std::uint32_t sinks) {
    ModelRef ref = model();
    ref.window = window;
    ref.sinks = sinks;
    Bytes bytes;
    append_model_record(bytes, ref);
    return code_of(bytes, kParseModel);
  };
  EXPECT_EQ(code(16, 0), ErrorCode::kInternal);
  EXPECT_EQ(code(65536, 16), ErrorCode::kInternal);
  EXPECT_EQ(code(15, 0), ErrorCode::kCorrupt);
  EXPECT_EQ(code(65537, 0), ErrorCode::kCorrupt);
  EXPECT_EQ(code(512, 17), ErrorCode::kCorrupt);
}

TEST(ModelRecord, PredictorsThatAreNotKnownNeedAnotherVersion) {
  const auto code = [](std::uint32_t predictors) {
    ModelRef ref = model();
    ref.predictors = predictors;
    Bytes bytes;
    append_model_record(bytes, ref);
    return code_of(bytes, kParseModel);
  };
  EXPECT_EQ(code(0), ErrorCode::kInternal);
  EXPECT_EQ(code(kPredictorsAll), ErrorCode::kInternal);
  for (unsigned bit = 0; bit < 32; ++bit) {
    const std::uint32_t one = std::uint32_t{1} << bit;
    EXPECT_EQ(code(one), (kPredictorsAll & one) != 0 ? ErrorCode::kInternal : ErrorCode::kNeedsVersion) << bit;
  }
  // A mask that does not fit is unknown too, not cut off.
  Bytes whole;
  append_model_record(whole, model());
  Bytes bytes(whole.begin(), whole.end() - 5);
  append_varint(bytes, std::uint64_t{1} << 32 | 1);
  append_fixed<std::uint32_t>(bytes, static_cast<std::uint32_t>(xxh3_64(bytes)));
  EXPECT_EQ(code_of(bytes, kParseModel), ErrorCode::kNeedsVersion);
}

TEST(ModelRecord, MessageIdHoldsItsOwnCheckAndDependsOnEverything) {
  const auto id = model().message_id();
  EXPECT_EQ((id[0] >> 4) ^ (id[0] & 15) ^ (id[1] >> 4) ^ (id[1] & 15), 0);
  for (int field = 0; field < 5; ++field) {
    ModelRef other = model();
    if (field == 0) other.sha256[31] ^= 1;
    if (field == 1) other.tokenizer_hash[0] ^= 1;
    if (field == 2) ++other.numerics_version;
    if (field == 3) ++other.window;
    if (field == 4) ++other.sinks;
    EXPECT_NE(other.message_id(), id) << field;
  }
  EXPECT_NE(model().message_id(context(1).hash), id);
  EXPECT_EQ(model().message_id(ContextHash{}), id) << "zeros stand for no context";
  ModelRef other = model();
  other.predictors = kPredictorsAll;
  EXPECT_EQ(other.message_id(), id) << "messages use all predictors";
}

TEST(SegmentHead, RoundTrips) {
  for (const SegmentHead& head :
       {kSegment, SegmentHead{Method::kStored, Transform::kCrlf, 100, 60, 60, 0},
        SegmentHead{Method::kZstd, Transform::kNone, 1, 1, 1025, 0},
        SegmentHead{Method::kLzma, Transform::kCrlf, std::uint64_t{1} << 23, std::uint64_t{1} << 22, 7, 0},
        SegmentHead{Method::kCm, Transform::kNone, 5000, 5000, 5, 0}}) {
    const Bytes bytes = written(head);
    ByteReader in(bytes);
    const SegmentHead back = parse_segment_head(in, kSegmentLog).value();
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_EQ(written(back), bytes);
    EXPECT_EQ(back.text_bytes, head.text_bytes);
    EXPECT_EQ(back.raw_bytes, head.raw_bytes);
    EXPECT_EQ(back.method, head.method);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      EXPECT_EQ(code_of(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)), kParseSegment),
                ErrorCode::kCorrupt);
    }
  }
}

TEST(SegmentHead, RefusesLengthsThatCannotBe) {
  const auto code = [](const SegmentHead& head) { return code_of(written(head), kParseSegment); };
  const std::uint64_t most = std::uint64_t{1} << kSegmentLog;
  EXPECT_EQ(code({Method::kStored, Transform::kNone, most, most, most, 0}), ErrorCode::kInternal);
  EXPECT_EQ(code({Method::kStored, Transform::kNone, most + 1, most + 1, most + 1, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kStored, Transform::kNone, 0, 0, 0, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kStored, Transform::kNone, 10, 10, 9, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kZstd, Transform::kNone, 10, 10, 10 + kCodedSlack, 0}), ErrorCode::kInternal);
  EXPECT_EQ(code({Method::kZstd, Transform::kNone, 10, 10, 11 + kCodedSlack, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kZstd, Transform::kNone, UINT64_MAX, UINT64_MAX, 10, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kZstd, Transform::kNone, 10, 10, UINT64_MAX, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kZstd, Transform::kCrlf, 10, 5, 3, 0}), ErrorCode::kInternal) << "all line ends";
  EXPECT_EQ(code({Method::kZstd, Transform::kCrlf, 10, 4, 3, 0}), ErrorCode::kCorrupt) << "more than double";
  EXPECT_EQ(code({Method::kZstd, Transform::kCrlf, 10, 10, 3, 0}), ErrorCode::kCorrupt) << "no line end at all";
  EXPECT_EQ(code({Method::kZstd, Transform::kCrlf, 10, UINT64_MAX, 3, 0}), ErrorCode::kCorrupt);
  for (const Method method : {Method::kModel, Method::kCm}) {
    const std::uint64_t limit = 3 * kMaxModelRatio;
    EXPECT_EQ(code({method, Transform::kNone, limit, limit, 3, 0}), ErrorCode::kInternal);
    EXPECT_EQ(code({method, Transform::kNone, limit + 1, limit + 1, 3, 0}), ErrorCode::kCorrupt);
    EXPECT_EQ(code({method, Transform::kNone, 5, 5, 0, 0}), ErrorCode::kCorrupt);
  }
}

TEST(SegmentHead, RefusesUnknownTagsTransformsAndLongNumbers) {
  Bytes bytes = written(kSegment);
  bytes[0] = kTagSegment + static_cast<std::uint8_t>(kLastMethod) + 1;
  EXPECT_EQ(code_of(bytes, kParseSegment), ErrorCode::kCorrupt);
  bytes = written(kSegment);
  bytes[1] = 2;
  EXPECT_EQ(code_of(bytes, kParseSegment), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of({0x10, 0, 0x85, 0x00, 5}, kParseSegment), ErrorCode::kCorrupt) << "5 in two bytes";
  EXPECT_EQ(code_of({0x10, 0, 5, 5}, kParseSegment), ErrorCode::kInternal);
}

TEST(SegmentCheck, DependsOnHeadCodedAndRaw) {
  const Bytes a{1, 2, 3}, b{1, 2, 4};
  const std::uint64_t check = segment_check(a, a, a);
  EXPECT_NE(segment_check(b, a, a), check);
  EXPECT_NE(segment_check(a, b, a), check);
  EXPECT_NE(segment_check(a, a, b), check);
}

TEST(MessageHead, RoundTripsAndNoFlippedBitOfTheFirstByteIsAMessage) {
  const auto id = model().message_id();
  for (const MessageHead& head : {MessageHead{Method::kModel, Transform::kNone, id, 4095, 4095, 0},
                                  MessageHead{Method::kModel, Transform::kCrlf, id, 300, 290, 0},
                                  MessageHead{Method::kStored, Transform::kNone, {}, 0, 0, 0},
                                  MessageHead{Method::kStored, Transform::kCrlf, {}, 2, 1, 1},
                                  MessageHead{Method::kZstd, Transform::kNone, {}, 100, 100, 20},
                                  MessageHead{Method::kLzma, Transform::kCrlf, {}, 100, 90, 20}}) {
    const Bytes bytes = written(head);
    EXPECT_TRUE(is_message_start(bytes[0]));
    EXPECT_EQ(std::popcount(bytes[0]) % 2, 0);
    ByteReader in(bytes);
    const MessageHead back = parse_message_head(in).value();
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_EQ(written(back), bytes);
    EXPECT_EQ(back.method, head.method);
    EXPECT_EQ(back.transform, head.transform);
    EXPECT_EQ(back.raw_bytes, head.raw_bytes);
    EXPECT_EQ(back.text_bytes, head.text_bytes);
    for (int bit = 0; bit < 8; ++bit) {
      const auto other = static_cast<std::uint8_t>(bytes[0] ^ (1u << bit));
      EXPECT_FALSE(is_message_start(other) || is_frame_start(other)) << bit;
    }
  }
}

TEST(MessageHead, RefusesWhatCannotBe) {
  const auto code = [](const MessageHead& head) { return code_of(written(head), kParseMessage); };
  const auto id = model().message_id();
  EXPECT_EQ(code({Method::kModel, Transform::kNone, id, 4096, 4096, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kModel, Transform::kNone, id, 0, 0, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kZstd, Transform::kNone, {}, 10, 10, 2000}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({Method::kModel, Transform::kCrlf, id, 100, 49, 0}), ErrorCode::kCorrupt);
  // A flipped bit of the id is damage, not a model that is missing.
  Bytes bytes = written(MessageHead{Method::kModel, Transform::kNone, id, 100, 100, 0});
  for (int bit = 8; bit < 24; ++bit) {
    bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_EQ(code_of(bytes, kParseMessage), ErrorCode::kCorrupt) << bit;
    bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

TEST(MessageCheck, HasTwentyFourBitsAndDependsOnBoth) {
  const Bytes a{1, 2, 3}, b{1, 2, 4};
  EXPECT_LT(message_check(a, a), 1u << 24);
  EXPECT_NE(message_check(b, a), message_check(a, a));
  EXPECT_NE(message_check(a, b), message_check(a, a));
}

TEST(MessageId, DependsOnTheAdapter) {
  const ModelRef ref;
  Sha256 one{}, other{};
  other[31] = 1;
  EXPECT_NE(ref.message_id(), ref.message_id({}, &one));
  EXPECT_NE(ref.message_id({}, &one), ref.message_id({}, &other));
}

TEST(AdapterRecord, RoundTripTruncationAndFlippedBits) {
  Sha256 sha256{};
  for (std::size_t i = 0; i < sha256.size(); ++i) sha256[i] = static_cast<std::uint8_t>(i * 7);
  Bytes bytes;
  append_adapter_record(bytes, sha256);
  const auto parse = [](ByteView data) {
    ByteReader in(data);
    return parse_adapter_record(in);
  };
  EXPECT_EQ(parse(bytes).value(), sha256);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse(ByteView(bytes).first(n))) << n;
  for (std::size_t bit = 8; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(parse(bytes)) << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
}

TEST(EndRecord, EndsWithItsLengthAndCheck) {
  Bytes entries, bytes{0xAA};  // appended behind what is there
  append_index_entry(entries, {13, 300, 5000});
  append_end_record(bytes, 1, entries, {0, {}, 5000, 313, 0x1122334455667788});
  const ByteView record = ByteView(bytes).subspan(1);
  EXPECT_EQ(record[0], kTagEnd);
  ByteReader tail(record.last(8));
  EXPECT_EQ(tail.fixed<std::uint32_t>().value(), record.size() - 8);
  EXPECT_EQ(tail.fixed<std::uint32_t>().value(), static_cast<std::uint32_t>(xxh3_64(record.first(record.size() - 4))));
}

}  // namespace
}  // namespace koan
