// Tensors of a Hugging Face model as GGUF has them: other names, query and key rows in llama's order, gemma's norms
// plus 1, matrices in Q8_0.
#pragma once

#include <string>
#include <vector>

#include "formats/safetensors.h"
#include "import/hf_config.h"

namespace koan {

struct HfTensor {
  std::string name;  // in the safetensors file
  std::string gguf_name;
  std::vector<std::uint64_t> shape;  // as GGUF: fastest-varying first
  std::uint64_t pairs_head = 0;      // not 0: each head of so many rows goes from halves to neighbours
  bool plus_one = false;

  GgmlType type() const noexcept;  // Q8_0 for matrices whose rows are a multiple of 32, else F32
  std::uint64_t bytes() const noexcept;
};

// All that a model must have and all that it may, in the order of the file that is written.
std::vector<HfTensor> tensors_of(const HfConfig& config);

// Buffers that old programs saved beside the weights, and a head that is the embedding anyway.
bool is_ignored(const std::string& name, const HfConfig& config) noexcept;

// Errors: kCorrupt (shape, not finite), kNotSupported (type), all naming the tensor.
Result<Bytes> convert_tensor(const SafetensorsTensor& from, const HfTensor& to);

}  // namespace koan
