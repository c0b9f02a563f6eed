// What a comparison of arms rests on (docs/evaluation.md, "Statistics"): the exact test of McNemar, gap recovery with paired bootstrap intervals.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "eval/bootstrap.h"
#include "eval/wilson.h"

namespace koan::runs {

// McNemar 1947, exact and two-sided: how probable at least so uneven a split of the discordant pairs is if both sides
// are equally likely.
double mcnemar(std::uint64_t only_this, std::uint64_t only_other) noexcept;

// (arm - small) / (large - small) of the sums. Not defined where the large model is not better than the small one. The
// interval leaves such draws out; it is not defined if they are more than 2.5% of all, since then a bound of it would
// be theirs.
struct Recovery {
  std::optional<double> value;
  std::optional<Interval> interval;
};
// Scores 0..1 of the same problems in the same order: a problem is drawn with all three.
struct Scores {
  std::span<const double> arm, small, large;
};
Recovery gap_recovery(const Scores& scores, const BootstrapSettings& settings = {});

}  // namespace koan::runs
