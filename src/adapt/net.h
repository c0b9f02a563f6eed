// A qwen3 transformer in LibTorch: RMSNorm before each block, per-head norm of q and k, rotary embedding by halves,
// grouped-query attention, SwiGLU, embedding tied to the output. Float32 master weights; products in bf16.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "adapt/net_ops.h"
#include "base/result.h"
#include "formats/gguf.h"

namespace koan::train {

struct NetConfig {
  std::int64_t vocab = 0, width = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, feed_forward = 0;
  double epsilon = 1e-6, rope_base = 10000;
};
Status check(const NetConfig& config);

// A parameter under its GGUF name. Tensors are shaped as LibTorch sees them: (out, in), or (width) for norms.
struct Parameter {
  std::string name;
  Tensor tensor;
  bool is_matrix;  // a matrix of a block: trained by Muon, quantised on export
};

// The four products of a block; q, k and v are one product, and so are gate and up.
enum class Group : std::size_t { kQkv, kOutput, kGateUp, kDown };
// Parameters (places within a layer's eleven) whose rows, stacked, are the weight of a group's product.
std::vector<std::size_t> members(Group group);

class Net {
 public:
  Net(const NetConfig& config, torch::Device device, std::uint64_t seed);
  virtual ~Net() = default;
  Net(Net&&) = default;
  Net& operator=(Net&&) = default;

  const NetConfig& config() const noexcept { return config_; }
  std::vector<Parameter>& parameters() noexcept { return parameters_; }
  const Tensor& embedding() const noexcept { return parameters_[0].tensor; }
  torch::Device device() const noexcept { return embedding().device(); }
  void to(torch::Device device);

  // tokens: int64, batch x length (length a multiple of 32). Result: bf16, batch*length x width, normalised for the
  // output.
  Tensor hidden(const Tensor& tokens);

 protected:
  // x (bf16, rows x in) times the group's weight, transposed: what an adapter changes.
  virtual Tensor product(std::int64_t l, Group group, const Tensor& x);
  const Parameter& parameter(std::int64_t l, std::size_t which) const {
    return parameters_[2 + static_cast<std::size_t>(l) * 11 + which];
  }

 private:
  const Tensor& layer(std::int64_t l, std::size_t which) const { return parameter(l, which).tensor; }
  AttentionPlan plan(std::int64_t batch, std::int64_t length);

  NetConfig config_;
  std::vector<Parameter> parameters_;  // embedding, output norm, then 11 per layer
  Tensor cosine_, sine_;
};

// Keys qwen3.* of a model file.
void config_to_gguf(const NetConfig& config, std::int64_t context_length, GgufFile& file);
Result<NetConfig> config_from_gguf(const GgufFile& file);

// Float32 values of a tensor of any supported type, shaped as LibTorch sees it.
Result<Tensor> tensor_from_gguf(const GgufTensor& tensor);
// Copies the weights of a checkpoint or model file.
Status load_parameters(const GgufFile& file, Net& net);

}  // namespace koan::train
