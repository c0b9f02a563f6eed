// For tests: the kernels that this machine has.
#pragma once

#include <vector>

#include "kernels/dispatch.h"

namespace koan {

inline std::vector<const Kernels*> kernels_here() {
  std::vector<const Kernels*> out;
  for (const std::string_view name : isa_names()) {
    if (const auto kernels = kernels_for(name)) out.push_back(*kernels);
  }
  return out;
}

inline const Kernels& scalar() { return *scalar_kernels(); }

}  // namespace koan
