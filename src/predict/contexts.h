// What the next byte is predicted from: hashes of the bytes, words and tokens before it (docs/numerics.md section
// 12.3). Knows nothing of bits.
#pragma once

#include <array>
#include <cstdint>

#include "predict/match_model.h"

namespace koan {

// Bits of the predictor mask that files record.
enum Predictor : std::uint32_t {
  kPredictMatch = 1,         // the match model
  kPredictBytes = 2,         // contexts of the last bytes
  kPredictWords = 4,         // contexts of words and lines
  kPredictTokens = 8,        // contexts of the last tokens
  kPredictBias = 16,         // how often the model was right at this place of the vocabulary
  kPredictCalibration = 32,  // the final stage
};

// Tokens: text that a language model codes, token by token. Bytes: anything, without a model.
enum class PredictorMode : std::uint8_t { kTokens, kBytes };

inline constexpr std::size_t kMaxContexts = 12;

struct ContextSet {
  std::size_t size;
  std::array<std::uint32_t, kMaxContexts> kinds;  // the Predictor bit that each belongs to
};
const ContextSet& context_set(PredictorMode mode) noexcept;

// The history behind the contexts, one byte and one token at a time.
class ContextHistory {
 public:
  void add(std::uint8_t byte, const MatchModel& bytes) noexcept;
  void end_token(std::uint32_t token) noexcept;
  // One hash for each context of the mode's set.
  void hashes(PredictorMode mode, std::array<std::uint32_t, kMaxContexts>& out) const noexcept;

  std::uint32_t last_byte() const noexcept { return static_cast<std::uint32_t>(last_ & 0xFF); }
  std::uint32_t bytes_in_token() const noexcept { return in_token_; }

 private:
  void add_to_word(std::uint8_t byte) noexcept;
  std::uint32_t last(int bytes) const noexcept { return static_cast<std::uint32_t>(last_ & ((1ull << 8 * bytes) - 1)); }

  std::uint64_t last_ = 0;                                      // the last eight bytes, newest lowest
  std::uint32_t word_ = 0, word_before_ = 0;                    // hashes of letters, lower case
  std::uint32_t token_so_far_ = 0;                              // hash of the current token's bytes
  std::array<std::uint32_t, 3> tokens_{};                       // the last tokens + 1, newest first
  std::uint32_t in_token_ = 0;                                  // bytes
  std::uint32_t line_begin_ = 0, line_before_ = 0, above_ = 0;  // `above_`: the bytes at this column, one line up
};

}  // namespace koan
