#include "predict/vocabulary_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace koan {
namespace {

// All single bytes, then these tokens; the begin token is 0.
Tokenizer vocabulary(const std::vector<std::string>& more, std::size_t specials_after = 0) {
  Tokenizer::Parts parts;
  parts.tokens.push_back("<|bos|>");
  parts.is_special.push_back(1);
  for (int b = 0; b < 256; ++b) parts.tokens.push_back(std::string(1, static_cast<char>(b)));
  parts.tokens.insert(parts.tokens.end(), more.begin(), more.end());
  parts.is_special.resize(parts.tokens.size(), 0);
  for (std::size_t i = 0; i < specials_after; ++i) {
    parts.tokens.push_back("a");  // of the same bytes as a token that can be coded
    parts.is_special.push_back(1);
  }
  auto tokenizer = Tokenizer::from_parts(std::move(parts));
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return std::move(tokenizer).value();
}

std::vector<std::string> random_tokens(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) {
    // Few letters, 0x00 and 0xFF among them: long common beginnings.
    std::string token;
    const std::size_t size = 2 + rng() % 7;
    while (token.size() < size) token += "ab\xFF\x00"[rng() % 4];
    out.push_back(token);
  }
  return out;
}

// The decisions of a token by its bytes alone: at each node, whether it belongs to the upper side.
bool belongs_up(ByteView bytes, const VocabularyTree::Node& node) {
  if (node.bit == VocabularyTree::kEnd) return bytes.size() > node.byte;
  return (bytes[node.byte] >> node.bit & 1) != 0;
}

// Follows a token down; checks that all decisions on the way are about bits that come one after the other.
std::uint32_t follow(const VocabularyTree& tree, const Tokenizer& tokenizer, Token token) {
  const ByteView bytes = tokenizer.bytes(token);
  std::uint32_t low = 0, high = tree.size();
  int last = -1;
  std::int32_t index = tree.root();
  while (index >= 0) {
    const VocabularyTree::Node& node = tree.node(index);
    EXPECT_GT(node.middle, low);
    EXPECT_LT(node.middle, high) << "a decision between something and nothing";
    // A byte's place: 0 whether the token ends before it, then its bits from the highest.
    const int place = static_cast<int>(node.byte) * 9 + (8 - node.bit);
    EXPECT_GT(place, last);
    last = place;
    EXPECT_TRUE(bytes.size() > node.byte || (node.bit == VocabularyTree::kEnd && bytes.size() == node.byte));
    const bool up = belongs_up(bytes, node);
    (up ? low : high) = node.middle;
    index = up ? node.right : node.left;
  }
  EXPECT_EQ(high - low, 1u);
  EXPECT_EQ(static_cast<std::uint32_t>(~index), low);
  return low;
}

// Everything that must hold of any tree.
void check(const Tokenizer& tokenizer) {
  const VocabularyTree tree(tokenizer);
  std::set<std::string_view> distinct;
  for (Token t = 0; t < tokenizer.size(); ++t) {
    const ByteView bytes = tokenizer.bytes(t);
    if (bytes.empty()) continue;
    distinct.insert(as_text(bytes));
    const std::uint32_t rank = follow(tree, tokenizer, t);
    ASSERT_EQ(tree.rank_of(t), rank);
    ASSERT_TRUE(std::ranges::equal(tokenizer.bytes(tree.token_at(rank)), bytes));
    ASSERT_LE(tree.token_at(rank), t) << "of equal tokens the first";
  }
  EXPECT_EQ(tree.size(), distinct.size());
  for (std::uint32_t rank = 0; rank < tree.size(); ++rank) {
    EXPECT_EQ(tree.rank_of(tree.token_at(rank)), rank);
    EXPECT_FALSE(tokenizer.is_special(tree.token_at(rank)));
    if (rank == 0) continue;
    const ByteView a = tokenizer.bytes(tree.token_at(rank - 1)), b = tokenizer.bytes(tree.token_at(rank));
    EXPECT_TRUE(std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end())) << rank;
  }
  // A binary tree of n leaves has n - 1 nodes; all are reached, each leaf once.
  std::vector<std::int32_t> todo{tree.root()};
  std::vector<int> leaves(tree.size());
  std::uint32_t nodes = 0;
  while (!todo.empty()) {
    const std::int32_t index = todo.back();
    todo.pop_back();
    if (index < 0) {
      ++leaves[static_cast<std::size_t>(~index)];
      continue;
    }
    ++nodes;
    todo.push_back(tree.node(index).left);
    todo.push_back(tree.node(index).right);
  }
  EXPECT_EQ(nodes, tree.size() - 1);
  EXPECT_EQ(std::ranges::count(leaves, 1), static_cast<std::ptrdiff_t>(tree.size()));
}

TEST(VocabularyTree, ReachesEveryTokenByItsBits) {
  check(vocabulary({}));
  for (const unsigned seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    check(vocabulary(random_tokens(400, seed)));
  }
}

TEST(VocabularyTree, AsksWhetherATokenEndsWhereOneBeginsAnother) {
  const Tokenizer tokenizer = vocabulary({"aaa", "aa", "aab", "aaaaaaaa", "zz"});
  check(tokenizer);
  const VocabularyTree tree(tokenizer);
  const auto ends_on_path = [&](Token token) {
    std::vector<std::uint32_t> out;
    for (std::int32_t index = tree.root(); index >= 0;) {
      const VocabularyTree::Node& node = tree.node(index);
      if (node.bit == VocabularyTree::kEnd) out.push_back(node.byte);
      index = belongs_up(tokenizer.bytes(token), node) ? node.right : node.left;
    }
    return out;
  };
  using Places = std::vector<std::uint32_t>;
  constexpr Token kFirst = 257;
  EXPECT_EQ(ends_on_path('a' + 1), Places{1});
  EXPECT_EQ(ends_on_path(kFirst + 1), (Places{1, 2}));
  EXPECT_EQ(ends_on_path(kFirst), (Places{1, 2, 3})) << "aaa";
  EXPECT_EQ(ends_on_path(kFirst + 2), (Places{1, 2})) << "aab: nothing begins with it";
  EXPECT_EQ(ends_on_path(kFirst + 3), (Places{1, 2, 3})) << "after aaa only this one goes on";
  EXPECT_EQ(ends_on_path('b' + 1), Places{});
  EXPECT_EQ(ends_on_path(kFirst + 4), Places{1});
}

TEST(VocabularyTree, HasOnePlaceForTokensOfEqualBytes) {
  const Tokenizer tokenizer = vocabulary({"ab", "x", "ab", "ab"});
  check(tokenizer);
  const VocabularyTree tree(tokenizer);
  EXPECT_EQ(tree.size(), 257u);
  EXPECT_EQ(tree.rank_of(257), tree.rank_of(260));
  EXPECT_EQ(tree.token_at(tree.rank_of(260)), 257u);
  EXPECT_EQ(tree.token_at(tree.rank_of(258)), static_cast<Token>('x' + 1));
}

TEST(VocabularyTree, LeavesSpecialTokensOut) {
  const Tokenizer tokenizer = vocabulary({"ab"}, 3);
  check(tokenizer);
  const VocabularyTree tree(tokenizer);
  EXPECT_EQ(tree.size(), 257u);
  EXPECT_EQ(tree.token_at(tree.rank_of('a' + 1)), static_cast<Token>('a' + 1));
}

TEST(VocabularyTree, SumsFrequenciesInTheOrderOfRanks) {
  const Tokenizer tokenizer = vocabulary(random_tokens(200, 8), 2);
  const VocabularyTree tree(tokenizer);
  std::mt19937 rng(31);
  std::vector<std::uint32_t> freqs(tokenizer.size()), sums(3, 99);
  for (auto& f : freqs) f = 1 + static_cast<std::uint32_t>(rng() % 4000000);
  freqs[0] = 0x7FFFFFFF;  // special tokens and repeated ones count for nothing
  tree.prefix_sums(freqs.data(), sums);
  ASSERT_EQ(sums.size(), tree.size() + 1);
  std::uint64_t sum = 0;
  for (std::uint32_t rank = 0; rank < tree.size(); ++rank) {
    ASSERT_EQ(sums[rank], sum);
    sum += freqs[tree.token_at(rank)];
  }
  EXPECT_EQ(sums.back(), sum);
}

TEST(VocabularyTree, HandlesTheLongestTokens) {
  const std::string longest(128, 'q');
  std::vector<std::string> tokens;
  for (std::size_t n = 2; n <= longest.size(); ++n) tokens.push_back(longest.substr(0, n));
  check(vocabulary(tokens));
}

}  // namespace
}  // namespace koan
