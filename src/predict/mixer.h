// Gated logistic mixing in two layers (after the paq family): several sets of weights, of each the one that its
// selector names, give an opinion each; a last set mixes these. Weights are learned online. docs/numerics.md
// section 12.5.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace koan {

inline constexpr std::size_t kMixSets = 5;
using MixInputs = std::array<std::int16_t, kMixInputs>;  // logits, |x| <= kStretchLimit; padded with zeros

// Sizes of the selectors.
inline constexpr std::array<std::size_t, kMixSets> kMixSelectors = {52, 102, 257, 64, 768};
inline constexpr std::size_t kFinalSelectors = 34;
inline constexpr std::size_t kMixWeights = (52 + 102 + 257 + 64 + 768) * kMixInputs + kFinalSelectors * kMixSets;

class Mixer {
 public:
  // kMixWeights start weights, 16.16 fixed point shifted down by 4 (1.0 = 4096), set after set, the final ones last.
  Mixer(std::span<const std::int16_t> start, const Kernels& kernels);

  // The logit of the next bit being 1.
  std::int32_t mix(const MixInputs& inputs, const std::array<std::uint32_t, kMixSets>& selectors,
                   std::uint32_t final_selector) noexcept;
  // Learns the outcome of the last mix() of these inputs.
  void update(const MixInputs& inputs, bool bit) noexcept;

  std::span<const std::int32_t> weights() const noexcept { return weights_; }

 private:
  const Kernels* kernels_;
  std::vector<std::int32_t> weights_;
  std::array<std::int32_t*, kMixSets> rows_{};  // of the last mix()
  std::array<std::int32_t, kMixSets> opinions_{};
  std::int32_t* final_row_ = nullptr;
  std::uint32_t predicted_ = 0;
};

}  // namespace koan
