// The adaptive predictor: probabilities of bits from what one stream has seen, mixed with a language model's opinion
// where there is one. Encoder and decoder feed it the same bits. docs/numerics.md section 12.
#pragma once

#include "predict/calibration.h"
#include "predict/contexts.h"
#include "predict/logistic.h"
#include "predict/match_model.h"
#include "predict/mixer.h"
#include "predict/slot_table.h"
#include "predict/start_values.h"

namespace koan {

// What the language model says about the next decision.
struct ModelOpinion {
  std::uint32_t p16 = 32768;  // of "yes", 1..65535
  std::uint32_t place = 0;    // which decision of the vocabulary tree this is
};

struct PredictorSetup {
  PredictorMode mode;
  std::uint32_t predictors;  // bits of Predictor
  const Kernels* kernels;
};

// Copyable between bytes and between tokens: a copy goes on from the same state.
class BitPredictor {
 public:
  // Table sizes follow `bytes`, the most that will be added, which both sides know.
  BitPredictor(const PredictorSetup& setup, std::uint64_t bytes)
      : BitPredictor(setup, bytes, start_values(setup.mode)) {}
  BitPredictor(const PredictorSetup& setup, std::uint64_t bytes, const StartValues& start);

  // What one of this size takes, roughly.
  static std::uint64_t memory_bytes(std::uint64_t bytes) noexcept;

  // Probability (16 bits, 1..65535) that the next bit of the byte is 1, most significant bit first.
  std::uint32_t predict_bit(const ModelOpinion& model) noexcept;
  // That the token ends here. Only between bytes of a token.
  std::uint32_t predict_end(const ModelOpinion& model) noexcept;
  // Asks the memory for what the next predict_...() of this opinion will read.
  void prefetch(const ModelOpinion& model) const noexcept;
  // Learns the outcome of the last predict_...(); a bit also becomes history.
  void update(bool bit) noexcept;
  // A bit that was not predicted, because the vocabulary left no choice.
  void skip_bit(bool bit) noexcept;
  void end_token(std::uint32_t token) noexcept;

  // Learns bytes (and the end of their token) that were never coded: what the contexts see, without the mixing.
  void observe(std::uint8_t byte) noexcept;
  void observe_end(bool end) noexcept;

  std::uint32_t bits_in_token() const noexcept {
    return history_.bytes_in_token() * 8 + static_cast<std::uint32_t>(bits_done());
  }

  // For learning start values: adds what was learned here to sums.
  struct Learned;
  void add_to(Learned& sums, double weight) const;

 private:
  std::uint32_t predict(const ModelOpinion& model, bool end) noexcept;
  static std::size_t place_index(std::uint32_t place, std::int32_t logit) noexcept;
  void gather(const ModelOpinion& model, bool end) noexcept;
  void enter_nibble() noexcept;
  void advance(bool bit) noexcept;
  void finish_byte() noexcept;
  void renew_hashes() noexcept;
  std::uint8_t& end_history(std::size_t context) noexcept {
    return end_histories_[hashes_[context] * 0x9E3779B1u >> 16];
  }
  bool is_on(std::size_t context) const noexcept { return (set_->kinds[context] & predictors_) != 0; }
  int bits_done() const noexcept;  // of the current byte
  std::uint32_t node() const noexcept;

  PredictorMode mode_;
  std::uint32_t predictors_;
  const ContextSet* set_;
  const HistoryTable* states_;
  SlotTable slots_;
  std::vector<std::uint8_t> end_histories_;
  MatchModel match_;
  ContextHistory history_;
  std::vector<AdaptiveProbability> by_history_, by_both_, by_place_;
  std::array<AdaptiveProbability, 60> by_match_;
  Mixer mixer_;
  Calibration calibrate_node_, calibrate_context_;

  std::array<std::uint32_t, kMaxContexts> hashes_{};
  std::array<std::uint8_t*, kMaxContexts> slot_{};
  bool nibble_ready_ = false;
  std::uint32_t partial_ = 1;  // 1, then the bits of the current byte so far

  // Of the last prediction.
  bool end_ = false;
  std::int32_t model_logit_ = 0;
  int expected_ = -1;
  std::uint32_t place_ = 0;
  std::uint32_t seen_ = 0;
  MixInputs inputs_{};
  std::array<std::uint8_t*, kMaxContexts> histories_{};
  std::array<AdaptiveProbability*, kMaxContexts> history_bits_{}, both_bits_{};
  AdaptiveProbability* match_bit_ = nullptr;
  AdaptiveProbability* place_bit_ = nullptr;
};

// Sums of what predictors learned, for start values.
struct BitPredictor::Learned {
  std::vector<double> by_history, by_history_n, by_both, by_both_n, weights;
  double n = 0;
};

}  // namespace koan
