// The architectures that koan runs, and what GGUF metadata says beyond sizes: attention, rotary embedding, caps
// (docs/numerics.md section 10 has the table).
#pragma once

#include <string_view>

#include "formats/gguf.h"
#include "model/model.h"

namespace koan {

struct Architecture {
  const char* name = "";
  bool rotates_neighbours = false;
  bool head_norms = false;
  bool gelu = false;
  bool post_norms = false;
  bool scales_embedding = false;
  bool needs_bias = false;  // of queries, keys and values
  bool may_have_bias = false;
  bool may_have_divisors = false;  // rope_freqs.weight
  std::uint32_t local_period = 0;  // local layers unless the file says otherwise: all but each n-th; 0: all
  std::uint32_t local_window = 0;  // if the file does not say; 0: none
  double local_rope_base = 0;      // 0: as the other layers, scaling included
  double attention_cap = 0, output_cap = 0;
  std::uint32_t wide_scale_layers = 0;  // a model of so many layers scales scores by width / heads, not head size
};

// Null if koan does not run it.
const Architecture* find_architecture(std::string_view name) noexcept;
// "llama, qwen2, ..."
std::string architecture_names();

// Everything of `config` but sizes, which are there already: traits, local layers, rotary scaling.
// Errors: kNotSupported (a key that changes the mathematics, by name), kCorrupt (impossible values).
Status read_traits(const GgufFile& file, const Architecture& architecture, ModelConfig& config);

}  // namespace koan
