// Quantisers to every GGUF type that koan reads, plain rather than clever, and decoders in double that share nothing
// with those of the library: for tests.
#pragma once

#include <span>
#include <vector>

#include "formats/gguf.h"

namespace koan {

// values.size() is a multiple of the type's block.
Bytes quantise(std::span<const float> values, GgmlType type);

// Elements of a tensor of any type, as doubles, row-major.
std::vector<double> dequantise(const GgufTensor& tensor);

}  // namespace koan
