#include "adapt/lora.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace koan::train {

const std::vector<std::string> kLoraTargets = {"q", "k", "v", "o", "gate", "up", "down"};

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr const char* kTensors[] = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};
constexpr Group kGroups[] = {Group::kQkv, Group::kOutput, Group::kGateUp, Group::kDown};

bool is_target(const std::string& tensor, const std::vector<std::string>& targets) {
  for (std::size_t i = 0; i < kLoraTargets.size(); ++i)
    if (tensor.find(std::string(".") + kTensors[i] + ".") != std::string::npos)
      return targets.empty() || std::find(targets.begin(), targets.end(), kLoraTargets[i]) != targets.end();
  return false;
}

// numbers: rank, then (row, out, at) of each part.
struct LoraProduct : Function<LoraProduct> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor merged, Tensor a, Tensor b,
                        std::vector<std::int64_t> numbers, double scale) {
    ctx->save_for_backward({x, merged, a, b});
    ctx->saved_data["numbers"] = numbers;
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["x_learns"] = x.requires_grad();
    return torch::mm(x, merged.t());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto numbers = ctx->saved_data["numbers"].toIntVector();
    const double scale = ctx->saved_data["scale"].toDouble();
    const Tensor& x = saved[0];
    const Tensor g = grads[0].contiguous();
    Tensor gx, ga, gb;
    if (ctx->saved_data["x_learns"].toBool()) gx = torch::mm(g, saved[1]);
    if (numbers.size() == 1) return {gx, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    const Tensor a = cast_bf16(saved[2]), b = cast_bf16(saved[3]);
    const std::int64_t rank = numbers[0];
    const Tensor xa = torch::mm(x, a.t());  // rows x parts*rank
    ga = torch::empty_like(saved[2]);
    gb = torch::zeros_like(saved[3]);
    for (std::size_t i = 1; i < numbers.size(); i += 3) {
      const std::int64_t row = numbers[i], out = numbers[i + 1], at = numbers[i + 2];
      const Tensor part = g.narrow(1, row, out);
      const Tensor down = torch::mm(part, b.narrow(0, row, out));  // rows x rank
      ga.narrow(0, at, rank).copy_(torch::mm(down.t(), x));
      gb.narrow(0, row, out).copy_(torch::mm(part.t(), xa.narrow(1, at, rank)));
    }
    return {gx, Tensor(), ga.mul_(scale), gb.mul_(scale), Tensor(), Tensor()};
  }
};

float as_half(float value) noexcept { return half_to_float(float_to_half(value)); }

std::vector<float> rounded(const Tensor& t) {
  const Tensor c = t.detach().to(torch::kCPU).contiguous();
  std::vector<float> out(c.data_ptr<float>(), c.data_ptr<float>() + c.numel());
  for (float& v : out) v = as_half(v);
  return out;
}

}  // namespace

Result<std::vector<std::string>> parse_targets(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const std::string name = list.substr(at, comma - at);
    if (std::find(kLoraTargets.begin(), kLoraTargets.end(), name) == kLoraTargets.end())
      return Error{ErrorCode::kUsage, "--targets: '" + name + "' is none of q, k, v, o, gate, up, down"};
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    at = comma + 1;
  }
  return out;
}

Status check_rank(const Net& net, const LoraSettings& settings) {
  const auto& c = net.config();
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const std::int64_t smaller[] = {std::min(q, c.width),
                                  std::min(kv, c.width),
                                  std::min(kv, c.width),
                                  std::min(q, c.width),
                                  std::min(c.feed_forward, c.width),
                                  std::min(c.feed_forward, c.width),
                                  std::min(c.feed_forward, c.width)};
  for (std::size_t i = 0; i < kLoraTargets.size(); ++i)
    if (is_target(std::string("blk.0.") + kTensors[i] + ".weight", settings.targets) && settings.rank > smaller[i])
      return Error{ErrorCode::kLimit,
                   "rank " + std::to_string(settings.rank) + " is too large for " + kTensors[i] +
                       ", whose smaller side is " + std::to_string(smaller[i]) + ": give --rank " +
                       std::to_string(smaller[i]) + " or less, or leave " + kLoraTargets[i] + " out of --targets"};
  return {};
}

LoraNet::LoraNet(Net base, const LoraSettings& settings) : Net(std::move(base)), settings_(settings) {
  torch::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(settings.seed);
  for (Parameter& p : parameters()) p.tensor.requires_grad_(false);
  output_ = cast_bf16(embedding());
  for (std::int64_t l = 0; l < config().layers; ++l)
    for (const Group group : kGroups) {
      LoraGroup out;
      std::vector<Tensor> weights;
      std::int64_t row = 0;
      for (const std::size_t w : members(group)) {
        const Parameter& p = parameter(l, w);
        const std::int64_t rows = p.tensor.size(0);
        if (is_target(p.name, settings.targets))
          out.parts.push_back({p.name, row, rows, static_cast<std::int64_t>(out.parts.size()) * settings.rank});
        row += rows;
        weights.push_back(p.tensor);
      }
      out.base = weights.size() == 1 ? weights[0] : torch::cat(weights);
      out.in = out.base.size(1);
      if (!out.parts.empty()) {
        const auto stacked = static_cast<std::int64_t>(out.parts.size()) * settings.rank;
        out.a = (torch::randn({stacked, out.in}, generator) / std::sqrt(static_cast<double>(out.in))).to(device());
        out.b = torch::zeros({row, settings.rank}, out.base.options());
        out.a.requires_grad_(true);
        out.b.requires_grad_(true);
      }
      groups_.push_back(std::move(out));
    }
  for (LoraGroup& group : groups_) group.merged = cast_bf16(group.base);
}

void LoraNet::merge() {
  torch::NoGradGuard no_grad;
  for (LoraGroup& group : groups_) {
    if (group.parts.empty()) continue;
    Tensor sum = group.base.clone();
    for (const LoraPart& part : group.parts)
      sum.narrow(0, part.row, part.out)
          .addmm_(group.b.narrow(0, part.row, part.out), group.a.narrow(0, part.at, rank()), 1, scale());
    group.merged = cast_bf16(sum);
  }
}

void LoraNet::merge_requantised() {
  torch::NoGradGuard no_grad;
  for (LoraGroup& group : groups_) {
    Tensor sum = group.base.to(torch::kCPU).clone();
    for (const LoraPart& part : group.parts) {
      const auto half = [](const Tensor& t) { return t.to(torch::kCPU, torch::kHalf).to(torch::kFloat); };
      Tensor rows = sum.narrow(0, part.row, part.out);
      rows.addmm_(half(group.b.narrow(0, part.row, part.out)), half(group.a.narrow(0, part.at, rank())), 1, scale());
      const Bytes quantised =
          quantize_q8_0({rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())});  // rows are contiguous
      const auto values = tensor_from_gguf(
          {"", {static_cast<std::uint64_t>(group.in), static_cast<std::uint64_t>(part.out)}, GgmlType::kQ8_0, quantised});
      rows.copy_(values.value());  // cannot fail: the bytes are as many as the shape needs
    }
    group.merged = cast_bf16(sum.to(device()));
  }
}

Tensor LoraNet::product(std::int64_t l, Group which, const Tensor& x) {
  const LoraGroup& group = groups_[static_cast<std::size_t>(l) * 4 + static_cast<std::size_t>(which)];
  std::vector<std::int64_t> numbers = {rank()};
  for (const LoraPart& part : group.parts) numbers.insert(numbers.end(), {part.row, part.out, part.at});
  // A product without parts still hands the gradient of x on; A and B are then empty.
  const Tensor none = torch::empty({0, 0});
  const Tensor& a = group.parts.empty() ? none : group.a;
  const Tensor& b = group.parts.empty() ? none : group.b;
  return LoraProduct::apply(x, group.merged, a, b, numbers, scale());
}

Adapter LoraNet::adapter() const {
  Adapter out;
  out.architecture = "qwen3";
  out.alpha = static_cast<float>(settings_.alpha);
  for (const LoraGroup& group : groups_)
    for (const LoraPart& part : group.parts)
      out.tensors.push_back({part.target, static_cast<std::uint32_t>(rank()), static_cast<std::uint32_t>(group.in),
                             static_cast<std::uint32_t>(part.out), rounded(group.a.narrow(0, part.at, rank())),
                             rounded(group.b.narrow(0, part.row, part.out))});
  return out;
}

}  // namespace koan::train
