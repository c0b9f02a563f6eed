#include "adapt/device_ops.h"

#include <torch/version.h>

#include <cmath>

namespace koan::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// 1 / sqrt(mean of squares + epsilon) along the last dimension, which stays with size 1; f32.
Tensor inverse_rms(const Tensor& x, double epsilon) {
  const Tensor norm = torch::linalg_vector_norm(x, 2, torch::IntArrayRef({-1}), true, torch::kFloat);
  return norm.square().div_(static_cast<double>(x.size(-1))).add_(epsilon).rsqrt_();
}

struct DeviceAddNorm : Function<DeviceAddNorm> {
  static variable_list forward(AutogradContext* ctx, Tensor x, Tensor y, Tensor weight, double epsilon) {
    const bool has_y = y.numel() > 0;
    const Tensor sum = has_y ? x + y : x.clone();
    const Tensor inverse = inverse_rms(sum, epsilon);
    ctx->save_for_backward({sum, weight, inverse});
    ctx->saved_data["has_y"] = has_y;
    return {sum, (sum * inverse).mul_(weight).to(torch::kBFloat16)};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &sum = saved[0], &weight = saved[1], &inverse = saved[2];
    const Tensor unit = sum * inverse;
    const Tensor gw = (unit * grads[1]).sum(0);
    Tensor g = grads[1] * weight;
    const Tensor along = (g * unit).mean(-1, true);
    g.addcmul_(unit, along, -1);
    const Tensor gx = grads[0].defined() ? torch::addcmul(grads[0], g, inverse) : g.mul_(inverse);
    return {gx, ctx->saved_data["has_y"].toBool() ? gx.to(torch::kBFloat16) : Tensor(), gw, Tensor()};
  }
};

struct DeviceSwiGlu : Function<DeviceSwiGlu> {
  static Tensor forward(AutogradContext* ctx, Tensor in) {
    ctx->save_for_backward({in});
    const auto halves = in.chunk(2, 1);
    return torch::silu(halves[0]).mul_(halves[1]);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor in = ctx->get_saved_variables()[0];
    const auto halves = in.chunk(2, 1);
    const Tensor& g = grads[0];
    return {torch::cat({at::silu_backward(g * halves[1], halves[0]), torch::silu(halves[0]).mul_(g)}, 1)};
  }
};

// out = the rotation of x by the angles of the tables (turned back if `back`); the last dimension's halves are pairs.
// x: f32, batch x length x heads x dim; tables: length x 1 x dim/2.
Tensor rotated(const Tensor& x, const Tensor& cosine, const Tensor& sine, bool back) {
  Tensor out = torch::empty_like(x);
  const auto from = x.chunk(2, -1);
  auto to = out.chunk(2, -1);
  const double sign = back ? -1 : 1;
  torch::mul_out(to[0], from[0], cosine);
  to[0].addcmul_(from[1], sine, -sign);
  torch::mul_out(to[1], from[1], cosine);
  to[1].addcmul_(from[0], sine, sign);
  return out;
}

// The heads of queries, keys and values as attention takes them, batch x heads x length x dim, bf16: queries and keys
// normalised and rotated. numbers: batch, length, heads, kv_heads, dim.
struct DeviceHeads : Function<DeviceHeads> {
  static variable_list forward(AutogradContext* ctx, Tensor qkv, Tensor qw, Tensor kw, Tensor cosine, Tensor sine,
                               std::vector<std::int64_t> numbers, double epsilon) {
    const std::int64_t heads = numbers[2], kv = numbers[3], dim = numbers[4];
    const Tensor x = qkv.view({numbers[0], numbers[1], heads + 2 * kv, dim});
    const Tensor qk = x.narrow(2, 0, heads + kv);
    const Tensor inverse = inverse_rms(qk, epsilon);
    const Tensor weight = torch::cat({qw.expand({heads, dim}), kw.expand({kv, dim})});
    const Tensor turned =
        rotated((qk * inverse).mul_(weight), cosine.unsqueeze(1), sine.unsqueeze(1), false).to(torch::kBFloat16);
    ctx->save_for_backward({qkv, weight, inverse, cosine, sine});
    ctx->saved_data["numbers"] = numbers;
    return {turned.narrow(2, 0, heads).transpose(1, 2), turned.narrow(2, heads, kv).transpose(1, 2),
            x.narrow(2, heads + kv, kv).transpose(1, 2).clone(torch::MemoryFormat::Preserve)};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto s = ctx->get_saved_variables();
    const auto n = ctx->saved_data["numbers"].toIntVector();
    const std::int64_t heads = n[2], kv = n[3], dim = n[4];
    const Tensor &weight = s[1], &inverse = s[2];
    const Tensor qk = s[0].view({n[0], n[1], heads + 2 * kv, dim}).narrow(2, 0, heads + kv);
    Tensor g = torch::empty(qk.sizes(), inverse.options());
    g.narrow(2, 0, heads).copy_(grads[0].transpose(1, 2));
    g.narrow(2, heads, kv).copy_(grads[1].transpose(1, 2));
    g = rotated(g, s[3].unsqueeze(1), s[4].unsqueeze(1), true);
    const Tensor unit = qk * inverse;
    Tensor along = g * unit;
    const Tensor gw = along.sum(torch::IntArrayRef({0, 1}));
    along = along.mul_(weight).mean(-1, true);
    g.mul_(weight).addcmul_(unit, along, -1).mul_(inverse);
    Tensor out = torch::empty(s[0].sizes(), s[0].options());
    const Tensor parts = out.view({n[0], n[1], heads + 2 * kv, dim});
    parts.narrow(2, 0, heads + kv).copy_(g);
    parts.narrow(2, heads + kv, kv).copy_(grads[2].transpose(1, 2));
    return {out, gw.narrow(0, 0, heads).sum(0), gw.narrow(0, heads, kv).sum(0), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// Causal, with kv heads shared by groups of query heads.
Tensor causal_attention(const Tensor& q, const Tensor& k, const Tensor& v) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 5)
  return at::scaled_dot_product_attention(q, k, v, {}, 0.0, true, std::nullopt, true);
#else  // all scores are kept in memory
  // Products of bf16 are summed in bf16 by LibTorch on a processor without AVX-512.
  const auto type = q.is_cpu() ? torch::kFloat : torch::kBFloat16;
  const auto spread = [&](const Tensor& t) { return t.to(type).repeat_interleave(q.size(1) / t.size(1), 1); };
  const Tensor future = torch::ones({q.size(2), q.size(2)}, q.options().dtype(torch::kBool)).triu(1);
  const Tensor scores = torch::matmul(q.to(type), spread(k).transpose(2, 3)).to(torch::kFloat) /
                        std::sqrt(static_cast<double>(q.size(3)));
  return torch::matmul(torch::softmax(scores.masked_fill(future, -1e30), -1).to(type), spread(v)).to(torch::kBFloat16);
#endif
}

}  // namespace

std::tuple<Tensor, Tensor> device_add_norm(const Tensor& x, const Tensor& y, const Tensor& weight, double epsilon) {
  const auto out = DeviceAddNorm::apply(x, y.defined() ? y : torch::empty({0}, x.options().dtype(torch::kBFloat16)),
                                        weight, epsilon);
  return {out[0], out[1]};
}

Tensor device_swiglu(const Tensor& gate_up) { return DeviceSwiGlu::apply(gate_up); }

Tensor device_attention(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, const AttentionPlan& p) {
  const auto heads =
      DeviceHeads::apply(qkv, q_weight, k_weight, p.cosine, p.sine,
                         std::vector<std::int64_t>{p.batch, p.length, p.heads, p.kv_heads, p.dim}, p.epsilon);
  const Tensor out = causal_attention(heads[0], heads[1], heads[2]);
  return out.transpose(1, 2).reshape({p.batch * p.length, p.heads * p.dim});
}

Tensor device_chunk_losses(Tensor& logits, const Tensor& targets) {
  const Tensor live = targets.ge(0).to(torch::kFloat);
  const Tensor index = targets.clamp_min(0).unsqueeze(1);
  Tensor log_p = torch::log_softmax(logits.to(torch::kFloat), 1);
  const Tensor loss = log_p.gather(1, index).squeeze(1).neg() * live;
  Tensor grad = log_p.exp_();
  grad.scatter_add_(1, index, torch::full_like(index, -1, grad.options()));
  torch::mul_out(logits, grad, live.unsqueeze(1));
  return loss;
}

}  // namespace koan::train
