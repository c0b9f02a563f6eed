// Intervals of shares (Wilson 1927).
#pragma once

namespace koan {

// A share with its 95% interval.
struct Rate {
  double value = 0, low = 0, high = 1;
};
// `right` of `n`; right need not be whole (a mean over trials). n = 0: value 0, interval [0, 1].
Rate wilson(double right, double n) noexcept;

}  // namespace koan
