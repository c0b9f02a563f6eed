// What changes in the course of a run: the learning rate and the length of the rows. Progress goes from 0 to 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapt/commands.h"
#include "base/result.h"

namespace koan {

struct Stage {
  double from;  // progress
  std::int64_t length;
};

// "PROGRESS:WINDOW,...": ascending from 0; windows are multiples of 32 (the attention kernel's tile) that divide
// batch_tokens.
Result<std::vector<Stage>> parse_stages(const std::string& text, std::int64_t batch_tokens);
std::int64_t length_at(const std::vector<Stage>& stages, double progress);

// Learning rate as a part of its peak: linear warm-up, then cosine to 5%, or flat and linear to 0 ("wsd", Hu et al.
// 2024).
double rate_at(const PretrainOptions& options, double progress);

}  // namespace koan
