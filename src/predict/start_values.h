// What the predictors believe before they have seen anything: learned offline on held-out text by
// bench/learn_start.cpp, part of the numerics. A segment of a few hundred bytes profits from the first bit on.
#pragma once

#include <array>
#include <cstdint>

#include "predict/bit_history.h"
#include "predict/contexts.h"
#include "predict/mixer.h"

namespace koan {

inline constexpr std::size_t kModelSteps = 8;  // of the model's logit, beside a bit history

struct StartValues {
  // Probabilities of a 1 (16 bits) after a bit history; 0: never seen, use the counts. [1] for token ends.
  std::array<std::array<std::array<std::uint16_t, kHistoryStates>, kMaxContexts>, 2> by_history;
  std::array<std::array<std::array<std::uint16_t, kHistoryStates * kModelSteps>, kMaxContexts>, 2> by_both;
  std::array<std::int16_t, kMixWeights> weights;
};

// Lives as long as the program.
const StartValues& start_values(PredictorMode mode) noexcept;

}  // namespace koan
