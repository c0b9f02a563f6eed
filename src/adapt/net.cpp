#include "adapt/net.h"

#include <cmath>

namespace koan::train {
namespace {

enum Which : std::size_t { kAttnNorm, kQ, kK, kV, kQNorm, kKNorm, kOutput, kFfnNorm, kGate, kUp, kDown };
constexpr const char* kNames[] = {"attn_norm",   "attn_q",   "attn_k",   "attn_v", "attn_q_norm", "attn_k_norm",
                                  "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"};

}  // namespace

Status check(const NetConfig& c) {
  const auto multiple = [](std::int64_t value, std::int64_t of) { return value > 0 && value % of == 0; };
  if (!multiple(c.width, 32) || !multiple(c.head_dim, 32) || !multiple(c.feed_forward, 32))
    return Error{ErrorCode::kUsage, "width, head-dim and feed-forward must be multiples of 32"};
  if (c.layers < 1 || c.layers > 1000 || c.kv_heads < 1 || !multiple(c.heads, c.kv_heads) || c.vocab < 257)
    return Error{ErrorCode::kUsage, "layers, heads, kv-heads or vocabulary out of range"};
  return {};
}

Net::Net(const NetConfig& config, torch::Device device, std::uint64_t seed) : config_(config) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, double deviation) {
    Tensor t = shape.size() == 1 ? torch::ones(shape)
               : deviation > 0   ? torch::randn(shape, generator) * deviation
                                 : torch::zeros(shape);
    parameters_.push_back({name, t.to(device).requires_grad_(true), shape.size() == 2 && name.rfind("blk.", 0) == 0});
  };
  const auto& c = config_;
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const double in = 0.5 / std::sqrt(static_cast<double>(c.width));
  add("token_embd.weight", {c.vocab, c.width}, 0.02);
  add("output_norm.weight", {c.width}, 0);
  for (std::int64_t l = 0; l < c.layers; ++l) {
    const std::vector<std::vector<std::int64_t>> shapes = {{c.width},
                                                           {q, c.width},
                                                           {kv, c.width},
                                                           {kv, c.width},
                                                           {c.head_dim},
                                                           {c.head_dim},
                                                           {c.width, q},
                                                           {c.width},
                                                           {c.feed_forward, c.width},
                                                           {c.feed_forward, c.width},
                                                           {c.width, c.feed_forward}};
    for (std::size_t w = 0; w < shapes.size(); ++w)  // blocks start as the identity: their output matrices are zero
      add("blk." + std::to_string(l) + "." + kNames[w] + ".weight", shapes[w], w == kOutput || w == kDown ? 0 : in);
  }
}

void Net::to(torch::Device device) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : parameters_) parameter.tensor = parameter.tensor.to(device);
}

AttentionPlan Net::plan(std::int64_t batch, std::int64_t length) {
  const auto& c = config_;
  if (!cosine_.defined() || cosine_.size(0) < length) {
    const auto options = torch::TensorOptions().dtype(torch::kDouble);
    const Tensor power = torch::arange(0, c.head_dim, 2, options) / static_cast<double>(c.head_dim);
    const Tensor angle = torch::outer(torch::arange(0, length, options), torch::pow(c.rope_base, -power));
    cosine_ = angle.cos().to(device(), torch::kFloat);
    sine_ = angle.sin().to(device(), torch::kFloat);
  }
  return {batch,
          length,
          c.heads,
          c.kv_heads,
          c.head_dim,
          c.epsilon,
          cosine_.narrow(0, 0, length),
          sine_.narrow(0, 0, length)};
}

std::vector<std::size_t> members(Group group) {
  switch (group) {
    case Group::kQkv:
      return {kQ, kK, kV};
    case Group::kOutput:
      return {kOutput};
    case Group::kGateUp:
      return {kGate, kUp};
    case Group::kDown:
      return {kDown};
  }
  return {};
}

Tensor Net::product(std::int64_t l, Group group, const Tensor& x) {
  const auto which = members(group);
  if (which.size() == 1) return project(x, layer(l, which[0]));
  std::vector<Tensor> weights;
  for (const std::size_t w : which) weights.push_back(layer(l, w));
  return project(x, torch::cat(weights));
}

Tensor Net::hidden(const Tensor& tokens) {
  const AttentionPlan attention_plan = plan(tokens.size(0), tokens.size(1));
  const double eps = config_.epsilon;
  Tensor x = torch::embedding(embedding(), tokens.reshape({-1}));
  Tensor y, h;
  for (std::int64_t l = 0; l < config_.layers; ++l) {
    std::tie(x, h) = add_norm(x, y, layer(l, kAttnNorm), eps);
    const Tensor qkv = product(l, Group::kQkv, h);
    y = product(l, Group::kOutput, attention(qkv, layer(l, kQNorm), layer(l, kKNorm), attention_plan));
    std::tie(x, h) = add_norm(x, y, layer(l, kFfnNorm), eps);
    y = product(l, Group::kDown, swiglu(product(l, Group::kGateUp, h)));
  }
  return std::get<1>(add_norm(x, y, parameters_[1].tensor, eps));
}

}  // namespace koan::train
