#include "codec/levels.h"

#include <algorithm>
#include <iterator>

#include "formats/part.h"
#include "predict/contexts.h"

namespace koan {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::uint8_t kNano = 0, kSmall = 1;  // embedded_models()
constexpr Level kLevels[] = {
    {false, kNano, 256 * kKiB, kPredictorsAll}, {false, kNano, 8192 * kKiB, kPredictorsAll},
    {true, kNano, 8 * kKiB, kPredictorsAll},    {true, kNano, 16 * kKiB, kPredictorsAll},
    {true, kNano, 32 * kKiB, kPredictorsAll},   {true, kNano, 64 * kKiB, kPredictorsAll},
    {true, kSmall, 64 * kKiB, kPredictorsAll},  {true, kSmall, 512 * kKiB, kPredictorsAll},
    {true, kSmall, 8192 * kKiB, kPredictorsAll},
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
