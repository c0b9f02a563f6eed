// Codes one token: decisions down the vocabulary tree, each with the probability that the adaptive predictor makes of
// the model's and its own (docs/numerics.md section 12). Encoder and decoder share everything but the direction.
#pragma once

#include <optional>
#include <span>

#include "coder/range_decoder.h"
#include "coder/range_encoder.h"
#include "kernels/kernels.h"
#include "predict/bit_predictor.h"
#include "predict/vocabulary_tree.h"

namespace koan {

// Of the next token, by the model.
struct Frequencies {
  std::span<const std::uint32_t> freqs;
  std::uint32_t total;
};

// What the streams of one worker share.
struct TokenTables {
  const Kernels* kernels;
  const VocabularyTree* tree;
  const Tokenizer* tokenizer;
  std::vector<std::uint32_t> prefix_sums;  // scratch
};

class TokenStep {
 public:
  // Without a predictor tokens are coded with the model's frequencies alone.
  explicit TokenStep(std::optional<BitPredictor> predictor) : predictor_(std::move(predictor)) {}

  // Returns the ideal code length in bits.
  double encode(TokenTables& tables, const Frequencies& next, Token token, RangeEncoder& coder);
  Token decode(TokenTables& tables, const Frequencies& next, RangeDecoder& coder);

  const std::optional<BitPredictor>& predictor() const noexcept { return predictor_; }

 private:
  // decide(middle, end, p16): codes the decision between the tokens of ranks below and from `middle`; "yes", of
  // probability p16, means the upper ones, but for decisions about a token's end the lower one. Returns whether the
  // upper ones were chosen.
  template <typename Decide>
  Token walk(TokenTables& tables, const Frequencies& next, Decide decide);

  std::optional<BitPredictor> predictor_;
};

// Learns a token that was never coded.
void observe_token(BitPredictor& predictor, const TokenTables& tables, Token token);

}  // namespace koan
