#include "codec/levels.h"

#include <algorithm>
#include <iterator>

#include "formats/part.h"
#include "predict/contexts.h"

namespace koan {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr Level kLevels[] = {
    {false, 256 * kKiB, kPredictorsAll}, {false, 8192 * kKiB, kPredictorsAll}, {true, 8 * kKiB, kPredictorsAll},
    {true, 16 * kKiB, kPredictorsAll},   {true, 32 * kKiB, kPredictorsAll},    {true, 64 * kKiB, kPredictorsAll},
    {true, 256 * kKiB, kPredictorsAll},  {true, 1024 * kKiB, kPredictorsAll},  {true, 8192 * kKiB, kPredictorsAll},
};
static_assert((kPredictMatch | kPredictBytes | kPredictWords | kPredictTokens | kPredictBias | kPredictCalibration) ==
              kPredictorsAll);
static_assert(std::size(kLevels) == 9 && kPredictorsAll == (1u << kPredictorCount) - 1);

}  // namespace

const Level& level_of(int level) noexcept { return kLevels[std::clamp(level, 1, 9) - 1]; }

std::string_view predictor_name(unsigned bit) noexcept {
  static constexpr std::string_view kNames[kPredictorCount] = {"match",  "bytes", "words",
                                                               "tokens", "bias",  "calibration"};
  return kNames[std::min(bit, kPredictorCount - 1)];
}

}  // namespace koan
