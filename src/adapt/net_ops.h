// The differentiable operations of the network. On the CPU they run the fused loops of cpu_kernels.h, elsewhere LibTorch
// operations with the same meaning (device_ops.h).
#pragma once

#include <torch/torch.h>

#include <tuple>

namespace koan::train {

using torch::Tensor;

// x (bf16, rows x in) times weight (f32, out x in) transposed; the product is made in bf16.
Tensor project(const Tensor& x, const Tensor& weight);

// (x + y, rms_norm(x + y) * weight as bf16); y may be undefined.
std::tuple<Tensor, Tensor> add_norm(const Tensor& x, const Tensor& y, const Tensor& weight, double epsilon);

// gate_up: bf16, rows x 2*width.
Tensor swiglu(const Tensor& gate_up);

struct AttentionPlan {
  std::int64_t batch, length, heads, kv_heads, dim;
  double epsilon;
  Tensor cosine, sine;  // length x dim/2, f32
};
// qkv: bf16, batch*length x (heads + 2*kv_heads)*dim.
Tensor attention(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, const AttentionPlan& plan);

// Sum of cross entropies in nats of x (bf16, rows x width) against embedding (f32, classes x width), in chunks of rows
// so that rows x classes is never in memory. Targets below 0 are ignored.
Tensor linear_cross_entropy(const Tensor& x, const Tensor& embedding, const Tensor& targets);
// The same for an embedding that does not learn (bf16, classes x width). Rows with targets below 0 cost nothing.
Tensor frozen_cross_entropy(const Tensor& x, const Tensor& embedding, const Tensor& targets);
// linear_cross_entropy per row and without gradients.
Tensor row_losses(const Tensor& x, const Tensor& embedding, const Tensor& targets);

Tensor cast_bf16(const Tensor& x);   // no gradient
Tensor cast_float(const Tensor& x);  // of bf16; no gradient

}  // namespace koan::train
