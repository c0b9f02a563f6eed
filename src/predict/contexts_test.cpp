// Which context depends on what (docs/numerics.md section 12.3).
#include "predict/contexts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace koan {
namespace {

struct Piece {
  std::string bytes;
  int token = -1;  // -1: it goes on
};
using Pieces = std::vector<Piece>;
using Hashes = std::array<std::uint32_t, kMaxContexts>;
using Which = std::set<std::size_t>;

Hashes hashes_of(PredictorMode mode, const Pieces& pieces) {
  MatchModel bytes(1000);
  ContextHistory history;
  for (const Piece& piece : pieces) {
    for (const std::uint8_t byte : as_bytes(piece.bytes)) {
      bytes.add(byte);
      history.add(byte, bytes);
    }
    if (piece.token >= 0) history.end_token(static_cast<std::uint32_t>(piece.token));
  }
  Hashes out{};
  history.hashes(mode, out);
  return out;
}

Which differing(PredictorMode mode, const Pieces& a, const Pieces& b) {
  const Hashes x = hashes_of(mode, a), y = hashes_of(mode, b);
  Which out;
  for (std::size_t i = 0; i < context_set(mode).size; ++i) {
    if (x[i] != y[i]) out.insert(i);
  }
  return out;
}
Which of_tokens(const Pieces& a, const Pieces& b) { return differing(PredictorMode::kTokens, a, b); }
Which of_bytes(const std::string& a, const std::string& b) { return differing(PredictorMode::kBytes, {{a}}, {{b}}); }

TEST(Contexts, SetsNameAPredictorForEach) {
  for (const PredictorMode mode : {PredictorMode::kTokens, PredictorMode::kBytes}) {
    const ContextSet& set = context_set(mode);
    ASSERT_LE(set.size, kMaxContexts);
    for (std::size_t i = 0; i < set.size; ++i) {
      EXPECT_TRUE(set.kinds[i] == kPredictBytes || set.kinds[i] == kPredictWords || set.kinds[i] == kPredictTokens);
    }
    // The same bytes under two contexts are two contexts, from the first bit on.
    for (const Pieces& pieces : {Pieces{}, Pieces{{"a word", 5}}, Pieces{{"aaaa"}}}) {
      const Hashes hashes = hashes_of(mode, pieces);
      EXPECT_EQ(std::set<std::uint32_t>(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(set.size)).size(),
                set.size);
    }
  }
}

TEST(Contexts, BytesAreTheLastAndTheSparse) {
  // Digits, so that there are no words.
  const std::string base = "0123456789";
  const Which expected[] = {
      {0, 1, 2, 3, 4, 5, 9, 11}, {1, 2, 3, 4, 5, 8}, {2, 3, 4, 5, 8, 9}, {3, 4, 5, 10}, {4, 5}, {5}, {}};
  for (std::size_t back = 1; back <= std::size(expected); ++back) {
    std::string other = base;
    other[base.size() - back] = '#';
    EXPECT_EQ(of_bytes(base, other), expected[back - 1]) << back << " bytes back";
  }
}

TEST(Contexts, BytesSeeWordsAndTheLineAbove) {
  EXPECT_EQ(of_bytes("some wordy 0123456", "Some WORDY 0123456"), Which{}) << "letters count in lower case";
  EXPECT_EQ(of_bytes("some wordy 0123456", "some worda 0123456"), Which{7}) << "the word before";
  EXPECT_EQ(of_bytes("a much longer word", "a mech longer word"), Which{}) << "two words before";
  EXPECT_EQ(of_bytes("a much longer0word", "a much lenger0word"), Which{7});
  EXPECT_EQ(of_bytes("abcdefghi", "Xbcdefghi"), (Which{6, 7})) << "the whole word, beyond the last six bytes";
  // At column 8 of the second line: the bytes above it.
  EXPECT_EQ(of_bytes("0123456789..\n01234567", "01234567#9..\n01234567"), Which{11});
  EXPECT_EQ(of_bytes("0123456789..\n01234567", "012345678#..\n01234567"), Which{11}) << "and the one after";
  EXPECT_EQ(of_bytes("0123456789..\n01234567", "0123456#89..\n01234567"), Which{});
  EXPECT_EQ(of_bytes("0123456789#.\n01234567", "0123456789..\n01234567"), Which{});
  EXPECT_EQ(of_bytes("0#\n01234567", "0.\n01234567"), Which{}) << "the line above is shorter";
  EXPECT_EQ(of_bytes("#.\n0123456\n0123456", "..\n0123456\n0123456"), Which{}) << "two lines up";
  EXPECT_EQ(of_bytes("..\n012345678\n01234567", "..\n01234567#\n01234567"), Which{11});
}

TEST(Contexts, TokensCountByThemselvesAndTogether) {
  const Pieces base{{"00", 1}, {"00", 2}, {"00", 3}, {"000"}};
  EXPECT_EQ(of_tokens(base, {{"00", 1}, {"00", 2}, {"00", 9}, {"000"}}), (Which{4, 5, 6}));
  EXPECT_EQ(of_tokens(base, {{"00", 1}, {"00", 9}, {"00", 3}, {"000"}}), (Which{5, 6}));
  EXPECT_EQ(of_tokens(base, {{"00", 9}, {"00", 2}, {"00", 3}, {"000"}}), Which{6});
  EXPECT_EQ(of_tokens(base, {{"00", 8}, {"00", 1}, {"00", 2}, {"00", 3}, {"000"}}), Which{});
  EXPECT_NE(of_tokens({{"0", 0}, {"0"}}, {{"0"}}), Which{}) << "token 0 is not nothing";
  // Of the bytes: those of this token, and the last two and three wherever they are from.
  EXPECT_EQ(of_tokens(base, {{"00", 1}, {"00", 2}, {"00", 3}, {"001"}}), (Which{0, 1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(of_tokens(base, {{"00", 1}, {"00", 2}, {"00", 3}, {"100"}}), (Which{1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(of_tokens({{"00", 3}, {"0"}}, {{"01", 3}, {"0"}}), (Which{0, 1}));
  EXPECT_EQ(of_tokens({{"00", 3}}, {{"00"}}), (Which{3, 4, 5, 6, 7})) << "a token that ended begins anew";
}

TEST(Contexts, TokensSeeWordsAndTheLineAbove) {
  // " begin" + "ning" is a word of two tokens.
  EXPECT_EQ(of_tokens({{" begin", 1}, {"ning"}}, {{" Xegin", 1}, {"ning"}}), Which{2});
  EXPECT_EQ(of_tokens({{" Begin", 1}, {"ning"}}, {{" begin", 1}, {"ning"}}), Which{});
  EXPECT_EQ(of_tokens({{"\xC3\xA4"
                        "bcd"}},
                      {{"\xC3\xA5"
                        "bcd"}}),
            (Which{2, 3, 4, 5, 6, 7}))
      << "letters beyond ASCII";
  EXPECT_EQ(of_tokens({{"0123\n", 1}, {"00"}}, {{"01#3\n", 1}, {"00"}}), Which{7});
}

TEST(Contexts, HistoryCountsTheBytesOfTheToken) {
  MatchModel bytes(10);
  ContextHistory history;
  for (std::uint32_t n = 1; n <= 3; ++n) {
    bytes.add('x');
    history.add('x', bytes);
    EXPECT_EQ(history.bytes_in_token(), n);
    EXPECT_EQ(history.last_byte(), std::uint32_t{'x'});
  }
  history.end_token(4);
  EXPECT_EQ(history.bytes_in_token(), 0u);
}

}  // namespace
}  // namespace koan
