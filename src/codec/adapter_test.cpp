// Coding with adapters: the right one, another, none, several; in frames and in messages (docs/format.md "Adapter
// record").
#include <functional>
#include <map>

#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "codec/test_frame.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

class AdapterTest : public testing::Test {
 protected:
  const Model& base() const { return *codec_->store().default_model(); }
  // Known to the codec.
  Sha256 add(const TestAdapter& adapter) { return add_to(*codec_, make_adapter(base(), adapter)); }
  static Sha256 add_to(Codec& codec, ByteView file) {
    const Status added = codec.store().add_adapter(file);
    EXPECT_TRUE(added) << added.error().message;
    return sha256(file);
  }
  static CodecOptions with(const Sha256& adapter) {
    CodecOptions options;
    options.adapters = {adapter};
    return options;
  }
  static ErrorCode failure(Codec& codec, const CodecOptions& options, ByteView raw, std::string* message = nullptr) {
    MemorySource source(raw);
    MemorySink sink;
    const auto result = codec.compress(options, source, sink);
    if (!result && message) *message = result.error().message;
    return result ? ErrorCode::kInternal : result.error().code;
  }
  static void expect_back(Codec& codec, ByteView coded, ByteView raw) {
    const auto back = decompressed(codec, coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(std::ranges::equal(*back, raw));
  }
  // Nothing reaches the sink.
  static void expect_refused(Codec& codec, ByteView coded, ErrorCode code, const std::string& says) {
    MemorySource source(coded);
    MemorySink sink;
    const auto result = codec.decompress({}, source, sink);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_NE(result.error().message.find(says), std::string::npos) << result.error().message;
    EXPECT_TRUE(sink.bytes.empty());
  }

  std::unique_ptr<Codec> codec_ = tiny_codec();
  const Bytes frame_text_ = sample_text(9000), message_text_ = sample_text(600);
};

TEST_F(AdapterTest, FramesNameTheirAdapterAndNeedIt) {
  const Bytes file = make_adapter(base(), {.seed = 5});
  const Sha256 adapter = add_to(*codec_, file);
  CodecStats stats;
  const Bytes coded = compressed(*codec_, frame_text_, with(adapter), &stats);
  EXPECT_EQ(stats.adapters, 1u);
  EXPECT_FALSE(coded == compressed(*codec_, frame_text_)) << "the adapter changes nothing, so this test shows nothing";
  EXPECT_EQ(part_of(coded).adapters, std::vector<Sha256>{adapter});
  expect_back(*codec_, coded, frame_text_);

  const auto other = tiny_codec();
  expect_refused(*other, coded, ErrorCode::kNeedsAdapter, to_hex(adapter));
  add_to(*other, make_adapter(base(), {.seed = 5, .note = "of the same weights, but another file"}));
  add_to(*other, make_adapter(base(), {.seed = 6}));
  expect_refused(*other, coded, ErrorCode::kNeedsAdapter, to_hex(adapter));
  add_to(*other, file);
  expect_back(*other, coded, frame_text_);
}

// Also where the file itself names an adapter that this is not: its content gives other frequencies, the check differs.
TEST_F(AdapterTest, WrongWeightsNeverDecodeToOtherText) {
  const Sha256 right = add({.seed = 5}), wrong = add({.seed = 6});
  Bytes coded = compressed(*codec_, frame_text_, with(right)), right_record, wrong_record;
  append_adapter_record(right_record, right);
  append_adapter_record(wrong_record, wrong);
  const auto at = std::search(coded.begin(), coded.end(), right_record.begin(), right_record.end());
  ASSERT_NE(at, coded.end());
  std::copy(wrong_record.begin(), wrong_record.end(), at);
  expect_refused(*codec_, coded, ErrorCode::kCorrupt, "segment at byte");
}

TEST_F(AdapterTest, MessagesNeedTheirAdapter) {
  const Bytes file = make_adapter(base(), {.seed = 5});
  const Sha256 adapter = add_to(*codec_, file);
  CodecStats stats;
  const Bytes coded = compressed(*codec_, message_text_, with(adapter), &stats);
  ASSERT_TRUE(is_message_start(coded[0]));
  EXPECT_EQ(stats.adapters, 1u);
  EXPECT_EQ(coded.size(), stats.model_coded_bytes + 8) << "an adapter costs a message nothing";
  expect_back(*codec_, coded, message_text_);
  const auto other = tiny_codec();
  add_to(*other, make_adapter(base(), {.seed = 6}));
  expect_refused(*other, coded, ErrorCode::kNeedsModel, "message id");
  add_to(*other, file);
  expect_back(*other, coded, message_text_);
}

TEST_F(AdapterTest, MessagesFindTheirsAmongSeveralWithAContextToo) {
  std::vector<Sha256> adapters;
  for (unsigned seed = 1; seed <= 6; ++seed) adapters.push_back(add({.seed = seed}));
  const Bytes context = prose(500, 3);
  for (const bool primed : {false, true}) {
    for (const Sha256& adapter : adapters) {
      CodecOptions options = with(adapter), given;
      if (primed) options.context = context;
      const Bytes coded = compressed(*codec_, message_text_, options);
      given.context = context;  // one that is not needed is fine
      const auto back = decompressed(*codec_, coded, given);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_TRUE(*back == message_text_);
      if (primed) expect_refused(*codec_, coded, ErrorCode::kNeedsModel, "message id");
    }
  }
}

// An id has twelve bits: among some thousand files there are two that share one.
std::vector<Bytes> files_with_one_id(const Model& base, const std::function<TestAdapter(unsigned)>& make,
                                     std::size_t wanted) {
  const ModelRef ref = model_ref(base, default_window(base.config()));
  std::map<std::array<std::uint8_t, 2>, std::vector<Bytes>> by_id;
  for (unsigned i = 0;; ++i) {
    const Bytes file = make_adapter(base, make(i));
    const Sha256 hash = sha256(file);
    std::vector<Bytes>& same = by_id[ref.message_id({}, &hash)];
    same.push_back(file);
    if (same.size() == wanted) return same;
  }
}

TEST_F(AdapterTest, MessageIdsMayBeShared) {
  const auto files = files_with_one_id(
      base(), [](unsigned i) { return TestAdapter{.seed = 5 + i % 2, .note = "number " + std::to_string(i)}; }, 3);
  const auto adapter_of = [&](std::size_t i) { return add_to(*codec_, files[i]); };
  const std::vector<Sha256> adapters = {adapter_of(0), adapter_of(1), adapter_of(2)};
  for (const Sha256& adapter : adapters)
    expect_back(*codec_, compressed(*codec_, message_text_, with(adapter)), message_text_);
}

TEST_F(AdapterTest, AnotherAdapterWithTheSameIdNeverDecodesToOtherText) {
  const auto files = files_with_one_id(
      base(), [](unsigned i) { return TestAdapter{.seed = 100 + i}; }, 2);
  const Bytes coded = compressed(*codec_, message_text_, with(add_to(*codec_, files[0])));
  const auto other = tiny_codec();
  add_to(*other, files[1]);
  expect_refused(*other, coded, ErrorCode::kCorrupt, "message is damaged");
}

// One of another architecture that does not say what it was trained on: no message can have been made with it.
TEST_F(AdapterTest, AnIdSharedWithAnAdapterThatDoesNotFitIsNoObstacle) {
  const ModelRef ref = model_ref(base(), default_window(base().config()));
  const Sha256 right = sha256(make_adapter(base(), {.seed = 5}));
  Adapter misfit;
  misfit.architecture = "llama";
  misfit.alpha = 1;
  misfit.tensors.push_back({"blk.0.attn_q.weight", 1, 3, 3, {1, 2, 3}, {1, 2, 3}});
  for (unsigned i = 0;; ++i) {
    misfit.metadata["general.description"] = std::to_string(i);
    const Bytes file = write_adapter(misfit);
    const Sha256 hash = sha256(file);
    if (ref.message_id({}, &hash) != ref.message_id({}, &right)) continue;
    add_to(*codec_, file);
    break;
  }
  const Bytes coded = compressed(*codec_, message_text_, with(add({.seed = 5})));
  expect_back(*codec_, coded, message_text_);
}

TEST_F(AdapterTest, ForAnotherBaseIsRefused) {
  const Sha256 adapter = add({.base_sha256 = std::string(64, '7')});
  for (const Bytes* raw : {&frame_text_, &message_text_}) {
    std::string message;
    EXPECT_EQ(failure(*codec_, with(adapter), *raw, &message), ErrorCode::kNeedsModel);
    EXPECT_NE(message.find(std::string(64, '7')), std::string::npos) << message;
  }
  // A file that names it all the same.
  TestFrame frame(kSegmentLog);
  frame.model(model_ref(base(), default_window(base().config())));
  frame.adapter(adapter);
  const Bytes coded = {0, 1, 2, 3};
  frame.segment({Method::kAdapter, Transform::kNone, 10, 10, coded.size(), 0}, coded, {});
  expect_refused(*codec_, frame.end(), ErrorCode::kNeedsModel, std::string(64, '7'));
  // One that does not say is tried.
  const Sha256 silent = add({.base_sha256 = "none"});
  expect_back(*codec_, compressed(*codec_, frame_text_, with(silent)), frame_text_);
}

TEST_F(AdapterTest, TwiceIsOnce) {
  const Sha256 adapter = add({.seed = 5});
  EXPECT_EQ(add({.seed = 5}), adapter);
  EXPECT_EQ(codec_->store().adapters().size(), 1u);
  CodecOptions options = with(adapter);
  const Bytes coded = compressed(*codec_, frame_text_, options);
  options.adapters.push_back(adapter);
  options.routing = Routing::kTrial;
  options.segment_bytes = 2048;
  expect_back(*codec_, compressed(*codec_, frame_text_, options), frame_text_);
  EXPECT_LE(part_of(compressed(*codec_, frame_text_, options)).adapters.size(), 1u);
}

TEST_F(AdapterTest, UnknownOrTooManyAreErrors) {
  std::string message;
  const Sha256 unknown = sha256(as_bytes("x"));
  EXPECT_EQ(failure(*codec_, with(unknown), frame_text_, &message), ErrorCode::kUsage);
  EXPECT_NE(message.find(to_hex(unknown)), std::string::npos);
  CodecOptions options;
  options.adapters = {add({.seed = 5}), add({.seed = 6})};
  EXPECT_EQ(failure(*codec_, options, frame_text_), ErrorCode::kUsage) << "which of the two";
  options.routing = Routing::kText;
  options.adapters.resize(kMaxAdapters + 1, options.adapters[0]);
  EXPECT_EQ(failure(*codec_, options, frame_text_), ErrorCode::kLimit);
  options.adapters.resize(kMaxAdapters);
  expect_back(*codec_, compressed(*codec_, frame_text_, options), frame_text_);
}

// A frame that names 250: the last one is used, and the others need not be known.
TEST_F(AdapterTest, AFrameNamesAtMost250) {
  const Sha256 adapter = add({.seed = 5});
  const Bytes text = sample_text(700);
  Progress progress(nullptr, 0);
  EncodeJob job;
  job.text = text;
  CoderSetup setup;
  setup.model = codec_->store().merged(base(), adapter).value();
  setup.kernels = choose_kernels().value();
  setup.window = default_window(base().config());
  ASSERT_TRUE(TokenCoder(std::move(setup)).encode(std::span(&job, 1), progress));
  for (const std::size_t named : {kMaxAdapters, kMaxAdapters + 1}) {
    TestFrame frame(kSegmentLog);
    frame.model(model_ref(base(), default_window(base().config())));
    for (std::size_t i = 0; i + 1 < named; ++i) frame.adapter(sha256(as_bytes(std::to_string(i))));
    frame.adapter(adapter);
    Bytes coded;
    append_varint(coded, named - 1);
    append_bytes(coded, job.coded);
    frame.segment({Method::kAdapter, Transform::kNone, text.size(), text.size(), coded.size(), 0}, coded, text);
    if (named <= kMaxAdapters) {
      expect_back(*codec_, frame.end(), text);
    } else {
      expect_refused(*codec_, frame.end(), ErrorCode::kCorrupt, "too many adapters");
    }
  }
}

TEST_F(AdapterTest, ANumberWithoutAnAdapterIsDamage) {
  const Sha256 adapter = add({.seed = 5});
  for (const bool later : {false, true}) {
    TestFrame frame(kSegmentLog);
    frame.model(model_ref(base(), default_window(base().config())));
    frame.adapter(adapter);
    const Bytes coded = {1, 2, 3, 4};
    frame.segment({Method::kAdapter, Transform::kNone, 10, 10, coded.size(), 0}, coded, {});
    if (later) frame.adapter(add({.seed = 6}));  // of which the segment before may not make use
    expect_refused(*codec_, frame.end(), ErrorCode::kCorrupt, "names an adapter that the frame does not");
  }
  TestFrame frame(kSegmentLog);
  frame.adapter(adapter);
  expect_refused(*codec_, frame.end(), ErrorCode::kCorrupt, "without a model record");
}

}  // namespace
}  // namespace koan
