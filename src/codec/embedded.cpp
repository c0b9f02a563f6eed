#include <array>

#include "codec/model_store.h"

extern "C" {
// CMakeLists.txt
extern const std::uint8_t koan_model_nano[], koan_model_nano_end[];
extern const std::uint8_t koan_model_small[], koan_model_small_end[];
extern const std::uint8_t koan_model_drill_small[], koan_model_drill_small_end[];
extern const std::uint8_t koan_model_drill_large[], koan_model_drill_large_end[];
}

namespace koan {

std::span<const EmbeddedModel> embedded_models() noexcept {
  static const std::array<EmbeddedModel, kTiers + 2> kModels = {
      {{"nano", {koan_model_nano, koan_model_nano_end}},
       {"small", {koan_model_small, koan_model_small_end}},
       {"drill-small", {koan_model_drill_small, koan_model_drill_small_end}},
       {"drill-large", {koan_model_drill_large, koan_model_drill_large_end}}}};
  return kModels;
}

std::optional<std::size_t> find_embedded(std::string_view name) noexcept {
  constexpr std::string_view kPrefix = "koan-";
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  for (std::size_t i = 0; i < embedded_models().size(); ++i) {
    if (embedded_models()[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace koan
