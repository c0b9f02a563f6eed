#include "codec/cm.h"

#include <gtest/gtest.h>

#include "codec/general_run.h"
#include "codec/inspect.h"
#include "codec/test_codec.h"
#include "codec/test_frame.h"

namespace koan {
namespace {

TEST(Cm, RoundTripsWithAndWithoutContextAndRefusesOtherLengths) {
  const Bytes context = markov(3000, 4);
  for (const auto& [name, raw] : test_inputs()) {
    if (raw.empty()) continue;
    SCOPED_TRACE(name);
    const Bytes text(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(raw.size(), 20000)));
    for (const ByteView before : {ByteView(), ByteView(context)}) {
      const Bytes coded = cm_encode(text, before);
      EXPECT_TRUE(cm_encode(text, before) == coded) << "coded twice";
      const auto back = cm_decode(coded, text.size(), before);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_TRUE(*back == text);
      Bytes longer = coded;
      longer.push_back(0);
      EXPECT_EQ(cm_decode(longer, text.size(), before).error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST(Cm, EveryCutIsRefused) {
  const Bytes text = markov(500, 5);
  const Bytes coded = cm_encode(text, {});
  for (std::size_t n = 0; n < coded.size(); ++n) {
    const auto back = cm_decode(ByteView(coded).first(n), text.size(), {});
    // A cut may leave a stream of other bytes, which the checksum of the segment tells; of the same it cannot be.
    EXPECT_FALSE(back && *back == text) << n;
  }
  EXPECT_FALSE(cm_decode(coded, std::uint64_t{1} << 26, {})) << "a length that the stream does not have";
}

TEST(Cm, LearnsFromTheContext) {
  const Bytes all = markov(40000, 6);
  const ByteView before = ByteView(all).first(36000), text = ByteView(all).subspan(36000);
  EXPECT_LT(cm_encode(text, before).size(), cm_encode(text, {}).size() * 9 / 10);
}

TEST(CmSegment, IsChosenWhereItIsSmallest) {
  const Bytes data = markov(70000, 7);
  const auto general = general_encode(data), all = segment_encode(data, {});
  ASSERT_TRUE(general && all);
  EXPECT_EQ(all->method, Method::kCm);
  EXPECT_LT(all->coded.size(), general->coded.size());
  const auto back = general_decode(Method::kCm, all->coded, data.size());
  ASSERT_TRUE(back);
  EXPECT_TRUE(*back == data);
  EXPECT_FALSE(cm_may_win(random_bytes(70000, 1), {}).value()) << "noise is not tried";
  EXPECT_FALSE(cm_if_smaller(random_bytes(5000, 1), {}));
  const Bytes zeros(std::size_t{1} << 20, 0);
  const auto tiny = cm_if_smaller(zeros, {});
  EXPECT_TRUE(!tiny || zeros.size() <= kMaxModelRatio * tiny->coded.size()) << "smaller than the format accepts";
}

TEST(CmSegment, AHigherVersionIsNamedAndAFlippedBitIsDamage) {
  const Bytes data = markov(3000, 8);
  Bytes coded = cm_if_smaller(data, {})->coded;
  const std::uint8_t version = coded[0];
  EXPECT_EQ(version, 0xE1);
  for (int bit = 0; bit < 8; ++bit) {
    coded[0] = static_cast<std::uint8_t>(version ^ (1u << bit));
    EXPECT_EQ(general_decode(Method::kCm, coded, data.size()).error().code, ErrorCode::kCorrupt) << bit;
  }
  coded[0] = 0xF0;
  EXPECT_EQ(general_decode(Method::kCm, coded, data.size()).error().code, ErrorCode::kCorrupt) << "version 0";
  EXPECT_EQ(general_decode(Method::kCm, {}, data.size()).error().code, ErrorCode::kCorrupt);
  coded[0] = 0xD2;
  const auto later = general_decode(Method::kCm, coded, data.size());
  EXPECT_EQ(later.error().code, ErrorCode::kNeedsVersion);
  EXPECT_NE(later.error().message.find("version 2"), std::string::npos);

  // Through a whole file too.
  TestFrame frame(kSegmentLog);
  frame.segment({Method::kCm, Transform::kNone, data.size(), data.size(), coded.size(), 0}, coded, data);
  const auto codec = tiny_codec();
  EXPECT_EQ(decompressed(*codec, frame.end()).error().code, ErrorCode::kNeedsVersion);
}

std::vector<Method> methods_of(ByteView file) {
  std::vector<Method> out;
  MemorySource source(file);
  EXPECT_TRUE(inspect(
      source, [](const PartInfo&) {}, [&](const SegmentInfo& s) { out.push_back(s.head.method); }));
  return out;
}

TEST(CmRun, IsCutIntoPiecesThatComeBackOnAnyThreads) {
  const auto codec = tiny_codec();
  const Bytes data = markov(300000, 9);
  CodecOptions options;
  options.level = 1;
  Bytes reference;
  for (const unsigned threads : {1u, 3u}) {
    options.threads = threads;
    const Bytes coded = compressed(*codec, data, options);
    if (reference.empty()) reference = coded;
    EXPECT_TRUE(coded == reference) << threads;
    EXPECT_EQ(methods_of(coded), std::vector<Method>(2, Method::kCm)) << "pieces of 256 KiB at most";
    const auto back = decompressed(*codec, coded, options);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == data);
  }
  options.segments = 1;
  EXPECT_EQ(methods_of(compressed(*codec, data, options)), std::vector<Method>{Method::kCm});
}

TEST(CmRun, HasPiecesOfAMegabyteBesideTheModelAndChoosesInEach) {
  const auto codec = tiny_codec();
  Bytes data = markov(100000, 10);
  data.resize(1100000, 0);
  for (const int level : {6, 9}) {
    CodecOptions options;
    options.level = level;
    const Bytes coded = compressed(*codec, data, options);
    const std::vector<Method> methods = methods_of(coded);
    ASSERT_EQ(methods.size(), level == 6 ? 2u : 1u);
    if (level == 6) {
      EXPECT_EQ(methods[0], Method::kCm);
      EXPECT_NE(methods[1], Method::kCm) << "zeros";
    }
    const auto back = decompressed(*codec, coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == data);
  }
}

TEST(CmRun, LeavesFarRepetitionsToTheOneSegment) {
  const Bytes page = random_bytes(280000, 11);
  Bytes data = markov(40000, 12);
  for (int i = 0; i < 3; ++i) append_bytes(data, page);
  Progress progress(nullptr, 0);
  const auto segments = code_run(data, {std::size_t{256} << 10}, progress);
  ASSERT_TRUE(segments);
  ASSERT_EQ(segments->size(), 1u) << "one segment finds the page again, pieces do not";
  EXPECT_NE((*segments)[0].head.method, Method::kCm);
}

}  // namespace
}  // namespace koan
