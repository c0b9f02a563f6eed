// Every truncation and every flipped bit of a .koan file is an error (docs/format.md). Small files and a tiny model, so
// that trying all of them takes seconds.
#include "codec/general.h"
#include "codec/inspect.h"
#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "codec/test_frame.h"

namespace koan {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStep = 13;  // of the bits and cuts: this build is slow, and the others try them all
#else
constexpr std::size_t kStep = 1;
#endif

struct Kind {
  const char* name;
  Bytes (*input)();
  Bytes (*code)(Codec&, ByteView raw);
  const char* method;  // that this file is about
  bool with_context = false;
};

const Bytes& the_context() {
  static const Bytes context = prose(300, 9);
  return context;
}

Bytes with_crlf(ByteView text) {
  Bytes out;
  for (const std::uint8_t b : text) {
    if (b == '\n') out.push_back('\r');
    out.push_back(b);
  }
  return out;
}

Bytes by_koan(Codec& codec, ByteView raw) {
  CodecOptions options;
  options.segment_bytes = 1024;
  return compressed(codec, raw, options);
}

// What a message holds, to be put into a frame far smaller than koan makes them, so that its model-coded segment is
// decoded quickly.
struct MessageSegment {
  SegmentHead head;
  ByteView coded;  // into the message
};
MessageSegment segment_of(const Bytes& message) {
  MessageSegment out;
  MemorySource source(message);
  EXPECT_TRUE(inspect(
      source, [](const PartInfo&) {}, [&](const SegmentInfo& s) { out.head = s.head; }));
  EXPECT_EQ(out.head.method, Method::kModel);
  out.coded = ByteView(message).subspan(message.size() - 3 - out.head.coded_bytes, out.head.coded_bytes);
  return out;
}

TestFrame frame_with_model(const Codec& codec) {
  const std::shared_ptr<const Model>& model = codec.store().default_model();
  TestFrame frame(kSegmentLog);
  frame.model(model_ref(*model, default_window(model->config())));
  return frame;
}

// A model-coded segment and a stored one of four bytes.
Bytes small_frame(Codec& codec, ByteView raw) {
  const ByteView text = raw.first(raw.size() - 4);
  const Bytes message = compressed(codec, text);
  const MessageSegment segment = segment_of(message);
  TestFrame frame = frame_with_model(codec);
  frame.segment(segment.head, segment.coded, text);
  frame.stored(raw.last(4));
  return frame.end();
}

// A frame of one general-purpose segment, where koan itself might prefer context mixing.
Bytes general_frame(Codec&, ByteView raw) {
  auto coded = general_encode(raw);
  EXPECT_TRUE(coded);
  TestFrame frame(kSegmentLog);
  frame.segment({coded->method, Transform::kNone, raw.size(), raw.size(), coded->coded.size(), 0}, coded->coded, raw);
  return frame.end();
}

// The same with context mixing, and a context.
Bytes mixed_frame(Codec&, ByteView raw) {
  const ByteView text = raw.first(raw.size() - 4);
  const auto mixed = cm_if_smaller(text, the_context());
  EXPECT_TRUE(mixed);
  TestFrame frame(kSegmentLog, ContextRef{the_context().size(), xxh3_128(the_context())});
  frame.segment({Method::kCm, Transform::kNone, text.size(), text.size(), mixed->coded.size(), 0}, mixed->coded, text);
  frame.stored(raw.last(4));
  return frame.end();
}

Bytes by_koan_with_context(Codec& codec, ByteView raw) {
  CodecOptions options;
  options.context = the_context();
  return compressed(codec, raw, options);
}

const Bytes& the_adapter(const Codec& codec) {
  static const Bytes file = make_adapter(*codec.store().default_model(), {.seed = 3});
  return file;
}

Bytes by_koan_with_adapter(Codec& codec, ByteView raw) {
  CodecOptions options;
  options.adapters = {sha256(the_adapter(codec))};
  return compressed(codec, raw, options);
}

// As small_frame.
Bytes adapter_frame(Codec& codec, ByteView raw) {
  const ByteView text = raw.first(raw.size() - 4);
  const Bytes message = by_koan_with_adapter(codec, text);
  MessageSegment segment = segment_of(message);
  TestFrame frame = frame_with_model(codec);
  frame.adapter(sha256(the_adapter(codec)));
  Bytes coded = {0};  // the first adapter
  append_bytes(coded, segment.coded);
  segment.head.method = Method::kAdapter;
  segment.head.coded_bytes = coded.size();
  frame.segment(segment.head, coded, text);
  frame.stored(raw.last(4));
  return frame.end();
}

// Records with the adapter and without one, an empty one, a stored one, and a line that is none.
Bytes some_records() {
  const std::string lines =
      "{\"id\": 1, \"response\": \"The answer is 42, and so on.\", \"prompt\": \"What?\"}\n"
      "{\"response\": \"x\", \"prompt\": \"y\"}\nnone\r\n{\"response\": \"\"}\n"
      "{\"response\": \"Nobody forgets the result.\\n\"}";
  return {as_bytes(lines).begin(), as_bytes(lines).end()};
}

Bytes records_with_adapter(Codec& codec, ByteView raw) {
  CodecOptions options;
  options.adapters = {sha256(the_adapter(codec))};
  options.records = RecordFields{"response", "prompt"};
  return compressed(codec, raw, options);
}

Bytes records_with_context(Codec& codec, ByteView raw) {
  CodecOptions options;
  options.context = the_context();
  options.records = RecordFields{"response", ""};
  return compressed(codec, raw, options);
}

Bytes repeated_noise(std::size_t period, std::size_t bytes) {
  Bytes out;
  while (out.size() < bytes) append_bytes(out, random_bytes(period, 5));
  return out;
}

// Numbers that count: binary data with structure, which LZMA codes best.
Bytes table(std::size_t bytes) {
  Bytes out;
  for (std::uint32_t i = 0; out.size() < bytes; ++i) append_fixed<std::uint32_t>(out, i * i * 37);
  out.resize(bytes);
  return out;
}

const Kind kKinds[] = {
    {"empty", [] { return Bytes{}; }, by_koan, "stored"},
    {"message", [] { return sample_text(300); }, by_koan, "model"},
    {"crlf_message", [] { return with_crlf(prose(200, 4)); }, by_koan, "model"},
    {"stored_message", [] { return random_bytes(40, 3); }, by_koan, "stored"},
    {"zstd_message", [] { return repeated_noise(90, 1500); }, by_koan, "zstd"},
    {"lzma_message", [] { return table(1200); }, by_koan, "lzma"},
    {"stored_frame", [] { return random_bytes(4500, 3); }, by_koan, "stored"},
    {"zstd_frame", [] { return repeated_noise(90, 5000); }, general_frame, "zstd"},
    {"lzma_frame", [] { return table(4100); }, general_frame, "lzma"},
    {"model_frame", [] { return sample_text(250); }, small_frame, "model"},
    {"crlf_frame", [] { return with_crlf(prose(200, 7)); }, small_frame, "model"},
    {"mixed_frame", [] { return markov(400, 2); }, mixed_frame, "cm", true},
    {"context_message", [] { return sample_text(200); }, by_koan_with_context, "model", true},
    {"adapter_message", [] { return sample_text(200); }, by_koan_with_adapter, "model"},
    {"adapter_frame", [] { return sample_text(250); }, adapter_frame, "adapter"},
    {"adapter_records", some_records, records_with_adapter, "records"},
    {"context_records", some_records, records_with_context, "records", true},
};

class DamageTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    codec_ = tiny_codec();
    ASSERT_TRUE(codec_->store().add_adapter(the_adapter(*codec_)));
    raw_ = GetParam().input();
    coded_ = GetParam().code(*codec_, raw_);
    if (GetParam().with_context) options_.context = the_context();
    const auto back = decompressed(*codec_, coded_, options_);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_TRUE(*back == raw_);
  }
  // What reaches the sink before the error is right as far as it goes: segments whose checksums matched.
  void expect_refused(ByteView damaged, const std::string& what) {
    MemorySource source(damaged);
    MemorySink sink;
    const auto result = codec_->decompress(options_, source, sink);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt) << what << ": " << result.error().message;
    EXPECT_TRUE(sink.bytes.size() <= raw_.size() && std::equal(sink.bytes.begin(), sink.bytes.end(), raw_.begin()))
        << what;
  }
  std::unique_ptr<Codec> codec_;
  CodecOptions options_;
  Bytes raw_, coded_;
};

TEST_P(DamageTest, UsesTheMethodItIsAbout) {
  MemorySource source(coded_);
  bool found = false;
  ASSERT_TRUE(inspect(
      source, [](const PartInfo&) {},
      [&](const SegmentInfo& s) { found = found || method_name(s.head.method) == GetParam().method; }));
  EXPECT_TRUE(found);
}

TEST_P(DamageTest, EveryTruncationIsRefused) {
  for (std::size_t n = 0; n < coded_.size(); n += kStep)
    expect_refused(ByteView(coded_).first(n), "cut at " + std::to_string(n));
}

TEST_P(DamageTest, EveryFlippedBitIsRefused) {
  for (std::size_t bit = 0; bit < coded_.size() * 8; bit += kStep) {
    coded_[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    expect_refused(coded_, "bit " + std::to_string(bit));
    coded_[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamageTest, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(DamageOfParts, IsRefusedInEachOfThem) {
  const auto codec = tiny_codec();
  const Bytes first = compressed(*codec, sample_text(200)), second = compressed(*codec, prose(150, 6));
  Bytes both = first;
  append_bytes(both, second);
  const auto refused = [&](ByteView damaged, const std::string& what) {
    const auto back = decompressed(*codec, damaged);
    ASSERT_FALSE(back) << what;
    EXPECT_EQ(back.error().code, ErrorCode::kCorrupt) << what << ": " << back.error().message;
  };
  for (std::size_t n = 0; n < both.size(); n += kStep) {
    if (n != first.size()) refused(ByteView(both).first(n), "cut at " + std::to_string(n));
  }
  for (std::size_t bit = 0; bit < both.size() * 8; bit += kStep) {
    both[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    refused(both, "bit " + std::to_string(bit));
    both[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

// Lengths that cost a hostile sender nothing must cost the reader nothing.
TEST(HostileLengths, AreRefusedBeforeTheyCostTime) {
  const auto codec = tiny_codec();
  for (const std::size_t coded_bytes : {60u, 1000u}) {
    const std::uint64_t claimed = coded_bytes == 60 ? std::uint64_t{1} << kMaxSegmentLog : kMaxModelRatio * coded_bytes;
    TestFrame frame(kMaxSegmentLog);
    frame.model(model_ref(*codec->store().default_model(), {kMaxWindow, kMaxSinks}));
    frame.segment({Method::kModel, Transform::kNone, claimed, claimed, coded_bytes, 0}, random_bytes(coded_bytes, 9),
                  {});
    const Bytes file = frame.end();
    const auto back = decompressed(*codec, file);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(back.error().message.find(coded_bytes == 60 ? "shorter than it can be" : "model-coded data is damaged"),
              std::string::npos)
        << back.error().message;
  }
}

}  // namespace
}  // namespace koan
