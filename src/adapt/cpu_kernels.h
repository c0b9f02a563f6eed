// Fused loops for training on the CPU, on plain pointers (no LibTorch here: this file is compiled for the machine it is
// built on, with fast floating-point). Training is not on the coding path, so the numerics contract does not bind it.
// bf16 values are raw 16-bit patterns. All arrays are row-major and contiguous.
#pragma once

#include <cstddef>
#include <cstdint>

namespace koan::train {

using Bf16 = std::uint16_t;

void to_bf16(const float* in, Bf16* out, std::size_t n);
void to_float(const Bf16* in, float* out, std::size_t n);

// sum = x (+ y when given); out = sum / rms(sum) * weight. inverse[rows] = 1/rms.
struct NormShape {
  std::size_t rows, width;
  float epsilon;
};
void add_norm_forward(NormShape shape, const float* x, const Bf16* y, const float* weight, float* sum, Bf16* out,
                      float* inverse);
// grad_sum: gradient that reaches `sum` by the residual path (may be null). grad_x (f32) and grad_y (bf16, may be null)
// receive the whole gradient of `sum`; grad_weight[width] is overwritten.
void add_norm_backward(NormShape shape, const float* sum, const float* weight, const float* inverse,
                       const Bf16* grad_out, const float* grad_sum, float* grad_x, Bf16* grad_y, float* grad_weight);

// in: rows x 2*width (gate, up); out = silu(gate) * up.
void swiglu_forward(std::size_t rows, std::size_t width, const Bf16* in, Bf16* out);
void swiglu_backward(std::size_t rows, std::size_t width, const Bf16* in, const Bf16* grad_out, Bf16* grad_in);

// Causal grouped-query attention with per-head RMS normalisation of q and k and rotary embedding (pairs i, i + dim/2).
// qkv: batch*length rows of (heads + 2*kv_heads)*dim; out: rows of heads*dim. dim and length are multiples of 32.
struct AttentionShape {
  std::size_t batch, length, heads, kv_heads, dim;
  float epsilon;
  const float* cosine;  // length x dim/2
  const float* sine;
};
void attention_forward(const AttentionShape& shape, const Bf16* qkv, const float* q_weight, const float* k_weight,
                       Bf16* out,
                       float* log_sum);  // log_sum: batch x heads x length
void attention_backward(const AttentionShape& shape, const Bf16* qkv, const float* q_weight, const float* k_weight,
                        const Bf16* out, const float* log_sum, const Bf16* grad_out, Bf16* grad_qkv,
                        float* grad_q_weight, float* grad_k_weight);

// Cross entropy (nats) of each row; logits become softmax - one_hot, or zero where the target is negative (ignored).
void cross_entropy(std::size_t rows, std::size_t classes, Bf16* logits, const std::int64_t* targets, float* loss);

}  // namespace koan::train
