// The operations of net_ops.h for devices other than the CPU: LibTorch's own operations, with gradients written out
// where automatic ones would keep and copy several times as much. They run on the CPU too, where tests compare them.
#pragma once

#include "adapt/net_ops.h"

namespace koan::train {

std::tuple<Tensor, Tensor> device_add_norm(const Tensor& x, const Tensor& y, const Tensor& weight, double epsilon);
Tensor device_swiglu(const Tensor& gate_up);
Tensor device_attention(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, const AttentionPlan& plan);

// Losses in nats of rows of logits (bf16, rows x classes); the logits become their gradient. Targets below 0 count
// nothing.
Tensor device_chunk_losses(Tensor& logits, const Tensor& targets);

}  // namespace koan::train
