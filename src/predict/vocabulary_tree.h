// The tokens of a vocabulary as a binary tree: tokens sorted by their bytes, told apart bit by bit, with a decision
// "does the token end here?" wherever one token begins another. A token is coded as the decisions on its path, and
// since the tokens under a node are neighbours, a model's mass there is a difference of two prefix sums.
// docs/numerics.md section 12.1.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenizer.h"

namespace koan {

class VocabularyTree {
 public:
  struct Node {
    std::uint32_t middle;      // ranks below are on the left
    std::int32_t left, right;  // index of a node, or ~rank of a token
    std::uint32_t byte;        // which byte of the token the decision is about
    std::uint8_t bit;          // 7..0; kEnd: the token ends before that byte (left) or goes on (right)
  };
  static constexpr std::uint8_t kEnd = 8;

  // Of all tokens that have bytes; special tokens cannot be coded. Tokens of equal bytes: only the first has
  // a place, a token of text before one that stands for a byte.
  explicit VocabularyTree(const Tokenizer& tokenizer);

  std::int32_t root() const noexcept { return root_; }
  const Node& node(std::int32_t index) const noexcept { return nodes_[static_cast<std::size_t>(index)]; }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(tokens_.size()); }
  Token token_at(std::uint32_t rank) const noexcept { return tokens_[rank]; }
  // The rank of the token with the same bytes that has a place.
  std::uint32_t rank_of(Token token) const noexcept { return ranks_[token]; }

  // sums[r] = frequencies of the tokens of ranks below r; size() + 1 entries. Total below 2^32.
  void prefix_sums(const std::uint32_t* freqs, std::vector<std::uint32_t>& sums) const;

 private:
  // Tokens low..high-1 that agree in everything before (byte, bit).
  struct Range {
    std::uint32_t low, high, byte;
    std::uint8_t bit;
  };
  // Goes on to where the tokens of a range differ; false if it is one token.
  bool find_split(Range& range, const Tokenizer& tokenizer) const;
  void build(const Tokenizer& tokenizer);

  std::vector<Token> tokens_;         // by rank
  std::vector<std::uint32_t> ranks_;  // by token
  std::vector<Node> nodes_;
  std::int32_t root_ = ~0;
};

}  // namespace koan
