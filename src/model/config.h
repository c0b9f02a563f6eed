// What GGUF metadata says about a model, checked against limits and against mathematics that koan does not do.
#pragma once

#include "formats/gguf.h"
#include "model/model.h"

namespace koan {

// Checked before memory is taken. They keep every product of two of them inside 64 bits and every int32 argument of a
// kernel in range.
inline constexpr std::uint64_t kMaxLayers = 512;
inline constexpr std::uint64_t kMaxWidth = 65536;  // embedding, and heads * head size
inline constexpr std::uint64_t kMaxFeedForward = 262144;
inline constexpr std::uint64_t kMaxHeads = 1024;
inline constexpr std::uint64_t kMaxHeadDim = 512;
inline constexpr std::uint64_t kMaxVocabulary = 1u << 19;  // numerics section 9

// Everything except `vocabulary`, which is a matter of the embedding's shape.
// Errors: kNotSupported (architecture, or a key that changes the mathematics, by name), kCorrupt (missing or
// impossible), kLimit.
Result<ModelConfig> read_config(const GgufFile& file);

}  // namespace koan
