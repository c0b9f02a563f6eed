#include "adapt/net_ops.h"

#include <cmath>

#include "adapt/cpu_kernels.h"
#include "adapt/device_ops.h"

namespace koan::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Rows of logits in memory at a time: on a GPU many, because each piece costs a pass over the embedding's gradient.
std::int64_t chunk_rows(const Tensor& x) { return x.is_cpu() ? 1024 : 16384; }

const Bf16* bf16(const Tensor& t) { return reinterpret_cast<const Bf16*>(t.data_ptr<at::BFloat16>()); }
Bf16* bf16_out(Tensor& t) { return reinterpret_cast<Bf16*>(t.data_ptr<at::BFloat16>()); }
const float* f32(const Tensor& t) { return t.data_ptr<float>(); }
float* f32_out(Tensor& t) { return t.data_ptr<float>(); }
Tensor new_bf16(const Tensor& like, at::IntArrayRef shape) {
  return torch::empty(shape, like.options().dtype(torch::kBFloat16));
}
Tensor new_f32(const Tensor& like, at::IntArrayRef shape) {
  return torch::empty(shape, like.options().dtype(torch::kFloat));
}
std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

struct Linear : Function<Linear> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor weight) {
    const Tensor w = cast_bf16(weight);
    ctx->save_for_backward({x, w});
    return torch::mm(x, w.t());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor g = grads[0].contiguous();
    return {torch::mm(g, saved[1]), cast_float(torch::mm(g.t(), saved[0]))};
  }
};

struct AddNorm : Function<AddNorm> {
  static variable_list forward(AutogradContext* ctx, Tensor x, Tensor y, Tensor weight, double epsilon) {
    const NormShape shape{size_of(x.size(0)), size_of(x.size(1)), static_cast<float>(epsilon)};
    Tensor sum = new_f32(x, x.sizes()), out = new_bf16(x, x.sizes()), inverse = new_f32(x, {x.size(0)});
    add_norm_forward(shape, f32(x), y.numel() > 0 ? bf16(y) : nullptr, f32(weight), f32_out(sum), bf16_out(out),
                     f32_out(inverse));
    ctx->save_for_backward({sum, weight, inverse});
    ctx->saved_data["epsilon"] = epsilon;
    ctx->saved_data["has_y"] = y.numel() > 0;
    return {sum, out};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor& sum = saved[0];
    const NormShape shape{size_of(sum.size(0)), size_of(sum.size(1)),
                          static_cast<float>(ctx->saved_data["epsilon"].toDouble())};
    const bool has_y = ctx->saved_data["has_y"].toBool();
    const Tensor grad_sum = grads[0].defined() ? grads[0].contiguous() : Tensor();
    const Tensor grad_out = grads[1].contiguous();
    Tensor gx = new_f32(sum, sum.sizes()), gw = new_f32(sum, {sum.size(1)}), gy;
    if (has_y) gy = new_bf16(sum, sum.sizes());
    add_norm_backward(shape, f32(sum), f32(saved[1]), f32(saved[2]), bf16(grad_out),
                      grad_sum.defined() ? f32(grad_sum) : nullptr, f32_out(gx), has_y ? bf16_out(gy) : nullptr,
                      f32_out(gw));
    return {gx, gy, gw, Tensor()};
  }
};

struct SwiGlu : Function<SwiGlu> {
  static Tensor forward(AutogradContext* ctx, Tensor in) {
    Tensor out = new_bf16(in, {in.size(0), in.size(1) / 2});
    swiglu_forward(size_of(in.size(0)), size_of(in.size(1) / 2), bf16(in), bf16_out(out));
    ctx->save_for_backward({in});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor in = ctx->get_saved_variables()[0];
    const Tensor g = grads[0].contiguous();
    Tensor out = new_bf16(in, in.sizes());
    swiglu_backward(size_of(in.size(0)), size_of(in.size(1) / 2), bf16(in), bf16(g), bf16_out(out));
    return {out};
  }
};

AttentionShape shape_of(const AttentionPlan& p) {
  return {size_of(p.batch),    size_of(p.length), size_of(p.heads),
          size_of(p.kv_heads), size_of(p.dim),    static_cast<float>(p.epsilon),
          f32(p.cosine),       f32(p.sine)};
}

// The plan's numbers travel as ints, the tables as saved tensors.
struct Attention : Function<Attention> {
  static Tensor forward(AutogradContext* ctx, Tensor qkv, Tensor qw, Tensor kw, Tensor cosine, Tensor sine,
                        std::vector<std::int64_t> numbers, double epsilon) {
    const AttentionPlan plan{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], epsilon, cosine, sine};
    Tensor out = new_bf16(qkv, {qkv.size(0), plan.heads * plan.dim});
    Tensor log_sum = new_f32(qkv, {plan.batch, plan.heads, plan.length});
    attention_forward(shape_of(plan), bf16(qkv), f32(qw), f32(kw), bf16_out(out), f32_out(log_sum));
    ctx->save_for_backward({qkv, qw, kw, cosine, sine, out, log_sum});
    ctx->saved_data["numbers"] = numbers;
    ctx->saved_data["epsilon"] = epsilon;
    return out;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto s = ctx->get_saved_variables();
    const auto n = ctx->saved_data["numbers"].toIntVector();
    const AttentionPlan plan{n[0], n[1], n[2], n[3], n[4], ctx->saved_data["epsilon"].toDouble(), s[3], s[4]};
    const Tensor g = grads[0].contiguous();
    Tensor gqkv = new_bf16(s[0], s[0].sizes()), gq = new_f32(s[0], {plan.dim}), gk = new_f32(s[0], {plan.dim});
    attention_backward(shape_of(plan), bf16(s[0]), f32(s[1]), f32(s[2]), bf16(s[5]), f32(s[6]), bf16(g), bf16_out(gqkv),
                       f32_out(gq), f32_out(gk));
    return {gqkv, gq, gk, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// Losses of one chunk of logits; the logits become their gradient.
Tensor chunk_losses(Tensor& logits, const Tensor& targets) {
  const std::int64_t rows = logits.size(0), classes = logits.size(1);
  if (logits.is_cpu()) {
    Tensor loss = new_f32(logits, {rows});
    cross_entropy(size_of(rows), size_of(classes), bf16_out(logits), targets.data_ptr<std::int64_t>(), f32_out(loss));
    return loss;
  }
  return device_chunk_losses(logits, targets);
}

struct LinearCrossEntropy : Function<LinearCrossEntropy> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor embedding, Tensor targets) {
    const Tensor e = cast_bf16(embedding);
    Tensor loss = torch::zeros({}, x.options().dtype(torch::kFloat));
    Tensor gx = torch::empty_like(x), ge = torch::zeros_like(embedding);
    const std::int64_t chunk = chunk_rows(x);
    for (std::int64_t at = 0; at < x.size(0); at += chunk) {
      const std::int64_t n = std::min(chunk, x.size(0) - at);
      const Tensor rows = x.narrow(0, at, n);
      Tensor logits = torch::mm(rows, e.t());
      loss += chunk_losses(logits, targets.narrow(0, at, n)).sum();
      gx.narrow(0, at, n).copy_(torch::mm(logits, e));
      ge += cast_float(torch::mm(logits.t(), rows));
    }
    ctx->save_for_backward({gx, ge});
    return loss;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    return {saved[0] * grads[0], saved[1] * grads[0], Tensor()};  // the factor is no dimension: bf16 stays bf16
  }
};

// Products are compiled for each number of rows that occurs (oneDNN), so that number is rounded up.
constexpr std::int64_t kRowMultiple = 256;

struct FrozenCrossEntropy : Function<FrozenCrossEntropy> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor embedding, Tensor targets) {
    Tensor live = targets.ge(0).nonzero().squeeze(1);
    const std::int64_t count = live.size(0);
    const std::int64_t padded = (count + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
    Tensor wanted = torch::full({padded}, -1, targets.options());
    wanted.narrow(0, 0, count).copy_(targets.index_select(0, live));
    Tensor rows = torch::zeros({padded, x.size(1)}, x.options());
    rows.narrow(0, 0, count).copy_(x.index_select(0, live));
    Tensor loss = torch::zeros({}, x.options().dtype(torch::kFloat));
    const std::int64_t chunk = chunk_rows(x);
    const bool learns = x.requires_grad();  // false while measuring
    Tensor grad = learns ? torch::empty_like(rows) : Tensor();
    for (std::int64_t at = 0; at < padded; at += chunk) {
      const std::int64_t n = std::min(chunk, padded - at);
      Tensor logits = torch::mm(rows.narrow(0, at, n), embedding.t());
      loss += chunk_losses(logits, wanted.narrow(0, at, n)).sum();
      if (learns) grad.narrow(0, at, n).copy_(torch::mm(logits, embedding));
    }
    if (!learns) return loss;
    Tensor gx = torch::zeros_like(x);
    gx.index_copy_(0, live, grad.narrow(0, 0, count));
    ctx->save_for_backward({gx});
    return loss;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor gx = ctx->get_saved_variables()[0];
    return {gx * grads[0], Tensor(), Tensor()};
  }
};

}  // namespace

Tensor cast_bf16(const Tensor& x) {
  torch::NoGradGuard no_grad;
  if (!x.is_cpu()) return x.to(torch::kBFloat16);
  const Tensor in = x.contiguous();
  Tensor out = new_bf16(in, in.sizes());
  to_bf16(f32(in), bf16_out(out), size_of(in.numel()));
  return out;
}

Tensor cast_float(const Tensor& x) {
  if (!x.is_cpu()) return x.to(torch::kFloat);
  const Tensor in = x.contiguous();
  Tensor out = new_f32(in, in.sizes());
  to_float(bf16(in), f32_out(out), size_of(in.numel()));
  return out;
}

Tensor project(const Tensor& x, const Tensor& weight) { return Linear::apply(x, weight); }

std::tuple<Tensor, Tensor> add_norm(const Tensor& x, const Tensor& y, const Tensor& weight, double epsilon) {
  if (x.is_cpu()) {
    // LibTorch 1.13 accepts no undefined tensor here, so an empty one stands for "no y".
    const auto out = AddNorm::apply(x, y.defined() ? y : new_bf16(x, {0}), weight, epsilon);
    return {out[0], out[1]};
  }
  return device_add_norm(x, y, weight, epsilon);
}

Tensor swiglu(const Tensor& gate_up) {
  if (gate_up.is_cpu()) return SwiGlu::apply(gate_up);
  return device_swiglu(gate_up);
}

Tensor attention(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, const AttentionPlan& plan) {
  if (!qkv.is_cpu()) return device_attention(qkv, q_weight, k_weight, plan);
  return Attention::apply(qkv, q_weight, k_weight, plan.cosine, plan.sine,
                          std::vector<std::int64_t>{plan.batch, plan.length, plan.heads, plan.kv_heads, plan.dim},
                          plan.epsilon);
}

Tensor linear_cross_entropy(const Tensor& x, const Tensor& embedding, const Tensor& targets) {
  return LinearCrossEntropy::apply(x, embedding, targets);
}

Tensor frozen_cross_entropy(const Tensor& x, const Tensor& embedding, const Tensor& targets) {
  return FrozenCrossEntropy::apply(x, embedding, targets);
}

Tensor row_losses(const Tensor& x, const Tensor& embedding, const Tensor& targets) {
  torch::NoGradGuard no_grad;
  const Tensor e = cast_bf16(embedding);
  std::vector<Tensor> losses;
  const std::int64_t chunk = chunk_rows(x);
  for (std::int64_t at = 0; at < x.size(0); at += chunk) {
    const std::int64_t n = std::min(chunk, x.size(0) - at);
    Tensor logits = torch::mm(x.narrow(0, at, n), e.t());
    losses.push_back(chunk_losses(logits, targets.narrow(0, at, n)));
  }
  return torch::cat(losses);
}

}  // namespace koan::train
