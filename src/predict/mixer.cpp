#include "predict/mixer.h"

#include <algorithm>

#include "predict/logistic.h"

namespace koan {
namespace {

constexpr int kFinalLearnShift = 18;

std::int32_t error_of(bool bit, std::uint32_t predicted) noexcept {
  return (bit ? 65535 : 0) - static_cast<std::int32_t>(predicted);
}

}  // namespace

Mixer::Mixer(std::span<const std::int16_t> start, const Kernels& kernels) : kernels_(&kernels), weights_(kMixWeights) {
  std::transform(start.begin(), start.end(), weights_.begin(), [](std::int16_t w) { return w * 16; });
}

std::int32_t Mixer::mix(const MixInputs& inputs, const std::array<std::uint32_t, kMixSets>& selectors,
                        std::uint32_t final_selector) noexcept {
  std::int32_t* set = weights_.data();
  for (std::size_t i = 0; i < kMixSets; ++i) {
    rows_[i] = set + selectors[i] * kMixInputs;
    opinions_[i] = std::clamp(kernels_->mix(rows_[i], inputs.data()) >> 12, -kStretchLimit, kStretchLimit);
    set += kMixSelectors[i] * kMixInputs;
  }
  final_row_ = set + final_selector * kMixSets;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kMixSets; ++i) sum += static_cast<std::int64_t>(final_row_[i]) * opinions_[i];
  const auto logit = static_cast<std::int32_t>(std::clamp<std::int64_t>(sum >> 16, -kStretchLimit, kStretchLimit));
  predicted_ = squash(logit);
  return logit;
}

void Mixer::update(const MixInputs& inputs, bool bit) noexcept {
  for (std::size_t k = 0; k < kMixSets; ++k) {
    // Each set learns from its own error, so that it stays an opinion of its own.
    kernels_->mix_learn(rows_[k], inputs.data(), error_of(bit, squash(opinions_[k])));
  }
  const std::int32_t error = error_of(bit, predicted_);
  for (std::size_t i = 0; i < kMixSets; ++i) {
    const std::int32_t step = (opinions_[i] * error + (1 << (kFinalLearnShift - 1))) >> kFinalLearnShift;
    final_row_[i] = std::clamp(final_row_[i] + step, -kMixMostWeight, kMixMostWeight);
  }
}

}  // namespace koan
