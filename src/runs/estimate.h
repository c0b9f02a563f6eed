// What a run would ask of its models, before it does: the arms are played with models that only count.
#pragma once

#include "runs/config.h"

namespace koan::runs {

struct Estimate {
  double calls = 0, input_tokens = 0;
  double output_tokens = 0;       // if a reply has kTypicalTokens
  double most_output_tokens = 0;  // if each is as long as it may be
};
inline constexpr std::uint32_t kTypicalTokens = 300;

struct Estimates {
  Estimate small, large, judge;
};

// Of all arms and trials of `problems` problems, from a few of them. Errors: as ProblemPlayer::play.
Result<Estimates> estimate(const RunConfig& config, std::size_t problems);

double money_of(const Estimate& estimate, const Prices& prices, bool most) noexcept;

}  // namespace koan::runs
