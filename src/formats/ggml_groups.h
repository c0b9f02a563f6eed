// Quantised blocks of ggml as groups of 32 whole numbers with a step for each half and an offset (docs/numerics.md
// section 2): one form for every type, from which values and koan's own form follow.
#pragma once

#include <cstdint>
#include <span>

#include "formats/ggml_type.h"

namespace koan {

inline constexpr std::uint32_t kGgmlGroup = 32;

struct GgmlGroup {
  float step[2];  // of elements 0..15 and 16..31; they differ in Q6_K alone
  float offset;
  std::int8_t units[kGgmlGroup];
};

// Groups of one block of a quantised type: block.elements / 32 of them, at most 8. Any bytes have a meaning; steps and
// offsets may be non-finite.
void read_ggml_groups(GgmlType type, const std::uint8_t* block, GgmlGroup* out) noexcept;

// x_i = fl(fl(step * u_i) + offset).
void ggml_values(const GgmlGroup& group, float* out) noexcept;

// All elements of a tensor of any type that koan reads, widened exactly or by the rule above. `data` has the size that
// belongs to out.size() elements. False if one of them is not finite.
bool read_ggml_values(GgmlType type, const std::uint8_t* data, std::span<float> out) noexcept;

}  // namespace koan
