// The arms of a run: ways to come to an answer, methods and controls alike (docs/evaluation.md, "Arms").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace koan::runs {

enum class ArmKind { kSmall, kRetry, kSelfConsistency, kProtocol, kLarge, kLossless, kRewrite };
// Whose bits the near side gets.
enum class Far { kLarge, kSmall, kRandom, kYes, kNo };

struct Arm {
  std::string_view name;
  ArmKind kind = ArmKind::kSmall;
  std::string_view summary;
  std::string_view protocol = {};  // of kProtocol
  Far far = Far::kLarge;
  bool large_asks = false;    // the questions are the large model's
  std::uint32_t version = 1;  // changes with what the arm does
};

// In the order of tables.
std::span<const Arm> all_arms() noexcept;
inline constexpr std::string_view kSmallArm = "small", kLargeArm = "large";

// Those of these names in the order of all_arms(), and always the two models alone: everything is compared with them.
// "all" stands for every one. Errors: kUsage, listing what there is.
Result<std::vector<Arm>> arms_named(std::span<const std::string> names);

// What retry and the further samples of self_consistency are drawn at: as the attempts of the protocols select, chosen.
inline constexpr double kSampleTemperature = 0.7;

}  // namespace koan::runs
