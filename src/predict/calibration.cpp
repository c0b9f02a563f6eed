#include "predict/calibration.h"

#include <algorithm>

#include "predict/logistic.h"

namespace koan {
namespace {

constexpr std::int32_t kSteps = 24;
constexpr int kRate = 6;

}  // namespace

Calibration::Calibration(std::size_t contexts) : table_(contexts * kSteps) {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const auto step = static_cast<std::int32_t>(i % kSteps);
    table_[i] = static_cast<std::uint16_t>(squash(step * 2 * kStretchLimit / (kSteps - 1) - kStretchLimit));
  }
}

void Calibration::prefetch(std::size_t context) const noexcept {
  const std::uint16_t* const row = &table_[context * kSteps];  // it may lie in two lines
  __builtin_prefetch(row);
  __builtin_prefetch(row + kSteps - 1);
}

std::uint32_t Calibration::refine(std::int32_t logit, std::size_t context) noexcept {
  constexpr std::int32_t kSpan = 2 * kStretchLimit;
  const std::int32_t position = (logit + kStretchLimit) * (kSteps - 1);
  const std::int32_t low = std::min(position / kSpan, kSteps - 2);
  const std::int32_t weight = position - low * kSpan;  // 0..kSpan
  const std::size_t at = context * kSteps + static_cast<std::size_t>(low);
  nearest_ = at + (weight > kStretchLimit ? 1 : 0);
  // Below 65536 * 5678 < 2^29.
  return static_cast<std::uint32_t>((table_[at] * (kSpan - weight) + table_[at + 1] * weight) / kSpan);
}

void Calibration::update(bool bit) noexcept {
  const std::int32_t p = table_[nearest_];
  table_[nearest_] = static_cast<std::uint16_t>(std::clamp(p + (((bit ? 65535 : 0) - p) >> kRate), 1, 65535));
}

}  // namespace koan
