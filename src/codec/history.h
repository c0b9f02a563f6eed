// What the segment itself says about the next token: candidates from its own history, and how far to trust each.
// Language models do not learn from what has just been coded; names, phrases and templates come back far beyond their
// window.
//
// Before a token is coded with the model's frequencies, up to three candidates are offered, each as one yes/no decision
// whose probability mixes the model's opinion of the candidate with the candidate's own record (docs/numerics.md
// section 12).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/logistic.h"
#include "text/tokenizer.h"

namespace koan {

inline constexpr std::size_t kMaxCandidates = 3;

struct Candidate {
  Token token;
  std::uint8_t source;      // 0 match, 1 after the last three tokens, 2 after the last two, 3 after the last one
  std::uint8_t confidence;  // 0..15
};

// Proposes tokens from what came before. Encoder and decoder feed it the same tokens.
class History {
 public:
  // Table sizes follow the text length, which both sides know.
  explicit History(std::uint64_t text_bytes);

  // Distinct candidates for the next token, most trusted first; returns how many.
  std::size_t candidates(std::array<Candidate, kMaxCandidates>& out) const noexcept;
  void update(Token token);

 private:
  struct Slot {
    std::uint32_t token : 20;  // + 1; 0 is empty
    std::uint32_t count : 4;   // how often in a row it was right
    std::uint32_t tag : 8;     // of the context, against collisions
  };
  static constexpr std::size_t kOrders = 3;
  std::uint32_t context_hash(std::size_t order) const noexcept;
  void follow_match(Token token);

  std::vector<Token> tokens_;
  std::vector<Slot> slots_[kOrders];  // [0]: order 3, [1]: order 2, [2]: order 1
  std::uint32_t hashes_[kOrders] = {};
  std::vector<std::uint32_t> match_table_;  // hash of the last kMatchMin tokens -> position after them
  std::uint32_t mask_ = 0;
  std::uint32_t match_at_ = 0;      // position in tokens_ that the match predicts; 0: none
  std::uint32_t match_length_ = 0;  // tokens that agreed since the last that did not
  std::uint32_t match_misses_ = 0;
};

// The probability that a candidate is right, learned as the segment goes.
class CandidateModel {
 public:
  CandidateModel();
  // Probability (16 bits) of `candidate`, given that the model gives it freq/total.
  std::uint32_t probability(const Candidate& candidate, std::uint32_t freq, std::uint32_t total) noexcept;
  // Learns the outcome of the last probability().
  void update(bool hit) noexcept;

 private:
  static constexpr std::size_t kSources = 4, kConfidences = 16, kModelSteps = 24, kInputs = 4;
  std::array<AdaptiveBit, kSources * kConfidences> by_confidence_;
  std::array<AdaptiveBit, kSources * kConfidences * kModelSteps> by_both_;
  std::array<LogisticMixer<kInputs>, kSources * kConfidences> mixers_;
  // Of the last probability().
  std::array<std::int32_t, kInputs> inputs_{};
  std::uint32_t predicted_ = 0;
  AdaptiveBit* bit_a_ = nullptr;
  AdaptiveBit* bit_b_ = nullptr;
  LogisticMixer<kInputs>* mixer_ = nullptr;
};

}  // namespace koan
