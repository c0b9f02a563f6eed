#include "codec/planner.h"

#include <gtest/gtest.h>

#include "codec/general.h"
#include "codec/general_run.h"
#include "codec/test_inputs.h"
#include "text/line_ends.h"

namespace koan {
namespace {

TEST(CutPieces, CoversTheInputInPiecesOfBoundedAndEvenLength) {
  for (const auto& [name, raw] : test_inputs()) {
    for (const std::size_t target : {1024u, 8192u, 65536u}) {
      SCOPED_TRACE(name + " at " + std::to_string(target));
      const auto pieces = cut_pieces(raw, target);
      std::size_t at = 0;
      for (ByteView piece : pieces) {
        ASSERT_EQ(piece.data(), raw.data() + at);
        ASSERT_GE(piece.size(), 1u);
        ASSERT_LE(piece.size(), target + target / 8 + 1);
        if (at != 0) {
          ASSERT_FALSE(raw[at] == '\n' && raw[at - 1] == '\r') << "a cut between CR and LF";
        }
        at += piece.size();
      }
      EXPECT_EQ(at, raw.size());
      EXPECT_LE(pieces.size(), raw.size() / target + 1);
    }
  }
}

TEST(PieceBytes, CutIntoAsManyAsAskedForButNotUnderOneKiB) {
  EXPECT_EQ(piece_bytes(100000, 0, 65536), 65536u) << "by the level";
  for (const std::uint32_t segments : {1u, 3u, 16u, 97u}) {
    const Bytes block(100000, 'x');
    EXPECT_EQ(cut_pieces(block, piece_bytes(block.size(), segments, 65536)).size(), segments);
  }
  EXPECT_EQ(piece_bytes(100000, 8192, 65536), 1024u);
  EXPECT_EQ(piece_bytes(kMaxBlock, 8192, 65536), 1024u);
}

TEST(CutPieces, DoesNotSplitCharacters) {
  Bytes text;
  while (text.size() < 50000) append_bytes(text, as_bytes("漢字"));
  for (ByteView piece : cut_pieces(text, 4096)) EXPECT_NE(piece[0] & 0xC0, 0x80);
}

TEST(LineEnds, TransformOnlyWhatCanBeUndone) {
  const auto lf = [](std::string_view s) { return crlf_to_lf(as_bytes(s)); };
  EXPECT_EQ(as_text(*lf("a\r\nb\r\n")), "a\nb\n");
  for (const char* s : {"", "abc", "a\nb", "a\r\nb\n", "a\rb\r\n", "a\r\r\n", "a\r\n\r", "\n\r\n"})
    EXPECT_FALSE(lf(s)) << s;
  const Bytes back = lf_to_crlf(*lf("\r\n\r\nx\r\n"));
  EXPECT_EQ(as_text(back), "\r\n\r\nx\r\n");
}

TEST(General, RoundTripsAndRefusesDamage) {
  for (const auto& [name, raw] : test_inputs()) {
    if (raw.empty()) continue;
    SCOPED_TRACE(name);
    const auto coded = general_encode(raw);
    ASSERT_TRUE(coded);
    EXPECT_LE(coded->coded.size(), raw.size());
    const auto back = general_decode(coded->method, coded->coded, raw.size());
    ASSERT_TRUE(back);
    EXPECT_TRUE(*back == raw);
    EXPECT_FALSE(general_decode(coded->method, coded->coded, raw.size() + 1));
    EXPECT_FALSE(general_decode(coded->method, ByteView(coded->coded).first(coded->coded.size() - 1), raw.size()));
  }
}

TEST(PlanBlock, WithoutAModelNothingIsCodedByOne) {
  Progress progress(nullptr, 0);
  const Bytes text = prose(100000, 2);
  const auto segments = plan_block(text, {16384}, progress);
  ASSERT_TRUE(segments);
  std::size_t raw = 0;
  for (const CodedSegment& segment : *segments) {
    EXPECT_NE(segment.head.method, Method::kModel);
    raw += segment.raw.size();
  }
  EXPECT_EQ(raw, text.size());
  const auto whole = general_encode(text);
  ASSERT_TRUE(whole);
  EXPECT_LT(coded_total(*segments), whole->coded.size()) << "context mixing in pieces, because that is smaller";
}

}  // namespace
}  // namespace koan
