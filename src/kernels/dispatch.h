// Which kernels to use on this machine: the best one, or the one that KOAN_ISA names (tests and comparisons).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/kernels.h"

namespace koan {

// Names known to koan, best first: amx, vnni, avx512, avx2, neondot, neon, scalar.
std::vector<std::string_view> isa_names();

// Kernels of that name. Unknown name: kUsage listing the names. Not on this machine or not in this build:
// kNotSupported, the message says "not supported".
Result<const Kernels*> kernels_for(std::string_view isa);

// Kernels of the environment variable KOAN_ISA if it is set and not empty (errors as above), else the best set of this
// machine.
Result<const Kernels*> choose_kernels();

}  // namespace koan
