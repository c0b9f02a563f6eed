// Groups of a quantised GGUF type in koan's form: int8 with one scale (docs/numerics.md section 2).
#pragma once

#include "formats/ggml_groups.h"

namespace koan {

struct QuantGroup {
  float scale;
  std::int8_t quants[kGgmlGroup];
};

// The rule of section 2: exact where the type allows it, otherwise on the grid of the type or the nearest. False if a
// value of the group is not finite.
bool convert_group(const GgmlGroup& group, QuantGroup& out) noexcept;

}  // namespace koan
