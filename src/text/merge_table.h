// BPE merge rules as an open-addressing table, and the encoder of one piece.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenizer.h"

namespace koan {

class MergeTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  struct Rule {
    std::uint32_t rank = kNone;  // lower is applied first
    Token result = 0;
  };

  explicit MergeTable(const std::vector<Tokenizer::Parts::Merge>& merges);
  Rule find(Token left, Token right) const noexcept;

  // Merges `tokens` in place, lowest rank first and leftmost among equals, until no rule applies.
  void apply(std::vector<Token>& tokens) const;

 private:
  void apply_short(std::vector<Token>& tokens) const;
  void apply_long(std::vector<Token>& tokens) const;
  std::size_t slot(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> shift_);
  }

  std::vector<std::uint64_t> keys_;  // (left << 32 | right); all ones marks an empty slot
  std::vector<Rule> rules_;
  int shift_ = 63;
};

}  // namespace koan
