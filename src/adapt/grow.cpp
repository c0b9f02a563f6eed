// koan-train grow: a larger model that computes what a smaller one does, to go on training from
// (blocks as in LLaMA Pro, Wu et al. 2024; wider feed-forwards as in Net2Net, Chen et al. 2016).
#include <cmath>

#include "adapt/checkpoint.h"
#include "adapt/commands.h"
#include "adapt/export.h"

namespace koan {
namespace {

using torch::Tensor;

// The old rows and columns in the corner; the rest random with `deviation`, or zero.
Tensor enlarge(const Tensor& old, torch::IntArrayRef shape, double deviation) {
  Tensor out = torch::randn(shape) * deviation;
  out.narrow(0, 0, old.size(0)).narrow(1, 0, old.size(1)).copy_(old);
  return out;
}

}  // namespace

// New blocks are spread evenly, each a copy of the block before it with its two output matrices zero, so that it adds
// nothing at first. New feed-forward units get random inputs and zero outputs.
Status run_grow(const GrowOptions& o) {
  KOAN_ASSIGN(train::LoadedNet from, train::load_net(o.model, "cpu"));
  train::NetConfig config = from.net.config();
  const std::int64_t old_layers = config.layers;
  if (o.layers < old_layers || o.feed_forward < config.feed_forward)
    return Error{ErrorCode::kUsage, o.model + " is larger than that"};
  config.layers = o.layers;
  config.feed_forward = o.feed_forward;
  KOAN_TRY(train::check(config));
  torch::NoGradGuard no_grad;
  torch::manual_seed(o.seed);
  train::Net net(config, torch::kCPU, o.seed);
  auto& source = from.net.parameters();
  auto& target = net.parameters();
  const std::size_t outside = 2, per_layer = (source.size() - outside) / static_cast<std::size_t>(old_layers);
  for (std::size_t p = 0; p < outside; ++p) target[p].tensor.copy_(source[p].tensor);
  std::int64_t before = -1;
  for (std::int64_t l = 0; l < config.layers; ++l) {
    const std::int64_t old = l * old_layers / config.layers;
    const bool added = old == before;
    before = old;
    for (std::size_t w = 0; w < per_layer; ++w) {
      const Tensor& value = source[outside + static_cast<std::size_t>(old) * per_layer + w].tensor;
      train::Parameter& to = target[outside + static_cast<std::size_t>(l) * per_layer + w];
      const bool output = to.name.find("attn_output") != std::string::npos || to.name.find("ffn_down") != std::string::npos;
      if (added && output)
        to.tensor.zero_();
      else if (value.dim() == 1)
        to.tensor.copy_(value);
      else
        to.tensor.copy_(enlarge(value, to.tensor.sizes(), output ? 0 : 0.5 / std::sqrt(static_cast<double>(config.width))));
    }
  }
  ExportOptions out;
  out.out = o.out;
  out.name = o.name;
  return export_net(net, from.tokenizer, out);
}

}  // namespace koan
