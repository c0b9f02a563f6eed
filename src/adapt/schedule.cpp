#include "adapt/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace koan {
namespace {

constexpr double kFirstRate = 0.01;    // the first step of a warm-up must move, or it would teach nothing
constexpr double kCosineFloor = 0.05;  // where the cosine ends

Result<Stage> parse_stage(const std::string& item, std::int64_t batch_tokens) {
  Stage stage{};
  long length = 0;
  int used = 0;
  const bool read = std::sscanf(item.c_str(), "%lf:%ld%n", &stage.from, &length, &used) == 2;
  stage.length = length;
  const bool fits = length >= 32 && length % 32 == 0 && batch_tokens % length == 0;
  if (!read || static_cast<std::size_t>(used) != item.size() || !(stage.from >= 0 && stage.from <= 1) || !fits)
    return Error{ErrorCode::kUsage, "--seq-schedule: '" + item +
                                        "' is not PROGRESS:WINDOW with a window that is a multiple of 32 and divides "
                                        "--batch-tokens"};
  return stage;
}

}  // namespace

Result<std::vector<Stage>> parse_stages(const std::string& text, std::int64_t batch_tokens) {
  std::vector<Stage> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    KOAN_ASSIGN(const Stage stage, parse_stage(text.substr(at, comma - at), batch_tokens));
    if (!out.empty() && stage.from <= out.back().from)
      return Error{ErrorCode::kUsage, "--seq-schedule must ascend in progress"};
    out.push_back(stage);
    at = comma + 1;
  }
  if (out.empty() || out[0].from > 0) return Error{ErrorCode::kUsage, "--seq-schedule must start at 0"};
  return out;
}

std::int64_t length_at(const std::vector<Stage>& stages, double progress) {
  std::int64_t length = stages[0].length;
  for (const Stage& stage : stages)
    if (progress >= stage.from) length = stage.length;
  return length;
}

double rate_at(const PretrainOptions& o, double progress) {
  const double warm = o.warmup > 0 ? std::min(1.0, std::max(progress / o.warmup, kFirstRate)) : 1.0;
  if (o.schedule == "cosine") {
    const double wave = 0.5 * (1 + std::cos(std::numbers::pi * std::min(progress, 1.0)));
    return warm * (kCosineFloor + (1 - kCosineFloor) * wave);
  }
  return o.decay > 0 ? warm * std::clamp((1 - progress) / o.decay, 0.0, 1.0) : warm;
}

}  // namespace koan
