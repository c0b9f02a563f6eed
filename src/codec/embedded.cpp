#include <array>

#include "codec/model_store.h"

extern "C" {
// src/codec/embedded.S.in
extern const std::uint8_t koan_model_nano[], koan_model_nano_end[];
extern const std::uint8_t koan_model_small[], koan_model_small_end[];
}

namespace koan {

std::span<const EmbeddedModel> embedded_models() noexcept {
  static const std::array<EmbeddedModel, 2> kModels = {{{"nano", {koan_model_nano, koan_model_nano_end}},
                                                        {"small", {koan_model_small, koan_model_small_end}}}};
  return kModels;
}

}  // namespace koan
