// Codes one token: the candidates of the history first, each as a yes/no decision, then the model's frequencies without
// them (docs/numerics.md section 12). Encoder and decoder share everything but the direction.
#pragma once

#include "codec/history.h"
#include "coder/range_decoder.h"
#include "coder/range_encoder.h"
#include "kernels/kernels.h"

namespace koan {

// Frequencies of the next token, to be changed in place: candidates that were ruled out get 0.
struct Frequencies {
  std::span<std::uint32_t> freqs;
  std::uint32_t total;
};

class TokenStep {
 public:
  TokenStep(const Kernels& kernels, std::uint64_t text_bytes) : kernels_(&kernels), history_(text_bytes) {}

  // Returns the ideal code length in bits.
  double encode(Frequencies next, Token token, RangeEncoder& coder);
  Token decode(Frequencies next, RangeDecoder& coder);

 private:
  const Kernels* kernels_;
  History history_;
  CandidateModel model_;
};

}  // namespace koan
