// What the levels 1..9 mean (docs/cli.md "Levels"), and the names of the adaptive predictors that they turn on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace koan {

struct Level {
  bool use_model;
  std::uint8_t tier;          // which of the embedded models, where none is named; messages have one at every level
  std::size_t segment_bytes;  // of model-coded text; without a model, of context mixing
  std::uint32_t predictors;   // bit mask
};

const Level& level_of(int level) noexcept;  // level 1..9

inline constexpr unsigned kPredictorCount = 6;  // bits of kPredictorsAll
std::string_view predictor_name(unsigned bit) noexcept;

}  // namespace koan
