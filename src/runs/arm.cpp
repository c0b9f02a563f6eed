#include "runs/arm.h"

#include <algorithm>
#include <array>

namespace koan::runs {

std::span<const Arm> all_arms() noexcept {
  using Kind = ArmKind;
  static constexpr std::array<Arm, 17> kArms = {{
      {kSmallArm, Kind::kSmall, "the small model alone"},
      {"retry", Kind::kRetry, "the small model once more, drawn anew and told nothing"},
      {"self_consistency", Kind::kSelfConsistency, "what most of several samples of the small model say"},
      {"random_bits", Kind::kProtocol, "batch10, answers by seeded coin", "batch10", Far::kRandom},
      {"constant_yes", Kind::kProtocol, "batch10, every answer is yes", "batch10", Far::kYes},
      {"constant_no", Kind::kProtocol, "batch10, every answer is no", "batch10", Far::kNo},
      {"blc", Kind::kProtocol, "batch10, the small model answers itself", "batch10", Far::kSmall},
      {"qa", Kind::kProtocol, "batch10, the large model answers", "batch10"},
      {"qa_plus", Kind::kProtocol, "batch10, the large model asks and answers", "batch10", Far::kLarge, true},
      {"verdict", Kind::kProtocol, "demo: a verdict, and questions if it is wrong", "demo"},
      {"select", Kind::kProtocol, "the large model picks one of the small one's answers", "select"},
      {"chosen", Kind::kProtocol, "questions by expected information", "chosen"},
      {"oracle", Kind::kProtocol, "batch10, the answerer knows the reference: an upper bound", "oracle10"},
      {"oracle_plus", Kind::kProtocol, "likewise, and the large model asks", "oracle10", Far::kLarge, true},
      {"rewrite", Kind::kRewrite, "the large model's solution, shortened, coded, and read by the small one"},
      {"lossless", Kind::kLossless, "the large model's solution, coded"},
      {kLargeArm, Kind::kLarge, "the large model alone: the ceiling"},
  }};
  return kArms;
}

Result<std::vector<Arm>> arms_named(std::span<const std::string> names) {
  std::string known;
  for (const Arm& arm : all_arms()) known += (known.empty() ? "" : ", ") + std::string(arm.name);
  bool all = false;
  for (const std::string& name : names) {
    const auto has_name = [&](const Arm& arm) { return arm.name == name; };
    if (name == "all")
      all = true;
    else if (std::none_of(all_arms().begin(), all_arms().end(), has_name))
      return Error{ErrorCode::kUsage, "there is no arm '" + name + "'; there are: " + known};
  }
  std::vector<Arm> out;
  for (const Arm& arm : all_arms()) {
    const bool wanted = all || arm.kind == ArmKind::kSmall || arm.kind == ArmKind::kLarge ||
                        std::find(names.begin(), names.end(), arm.name) != names.end();
    if (wanted) out.push_back(arm);
  }
  return out;
}

}  // namespace koan::runs
