#include "adapt/optimizer.h"

#include <cmath>

namespace koan::train {
namespace {

constexpr double kMomentum = 0.95;
constexpr double kBeta1 = 0.9, kBeta2 = 0.95, kAdamEpsilon = 1e-8;

// The nearest semi-orthogonal matrix to each of a batch, roughly: five quintic Newton-Schulz steps in bf16, on the side
// with fewer rows.
Tensor orthogonalize(const Tensor& matrices) {
  const bool tall = matrices.size(1) > matrices.size(2);
  const Tensor norm = matrices.square().sum(torch::IntArrayRef({1, 2}), true).sqrt() + 1e-12;
  Tensor x = cast_bf16((tall ? matrices.transpose(1, 2) : matrices) / norm);
  for (int i = 0; i < 5; ++i) {
    const Tensor a = torch::bmm(x, x.transpose(1, 2));
    x = torch::baddbmm(x, torch::baddbmm(a, a, a, -4.7750, 2.0315), x, 3.4445, 1);
  }
  const Tensor out = x.to(torch::kFloat);
  return tall ? out.transpose(1, 2) : out;
}

}  // namespace

double clip(std::vector<Tensor>& gradients, double most) {
  std::vector<Tensor> norms;
  for (const Tensor& gradient : gradients) norms.push_back(gradient.norm());
  const auto norm = torch::stack(norms).to(torch::kDouble).norm().item<double>();  // waits for a GPU once
  if (most > 0 && norm > most) at::_foreach_mul_(gradients, most / norm);
  return norm;
}

Optimizer::Optimizer(Net& net, const OptimizerSettings& settings) : settings_(settings) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : net.parameters()) {
    Slot slot{&parameter, torch::zeros_like(parameter.tensor), {}};
    if (!parameter.is_matrix) slot.second = torch::zeros_like(parameter.tensor);
    slots_.push_back(slot);
  }
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].parameter->is_matrix) groups_[slots_[i].parameter->tensor.sizes().vec()].push_back(i);
}

double Optimizer::step(double scale) {
  torch::NoGradGuard no_grad;
  ++steps;
  std::vector<Tensor> gradients;
  for (const Slot& slot : slots_) gradients.push_back(slot.parameter->tensor.grad());
  const double norm = clip(gradients, settings_.clip);
  for (const auto& [shape, group] : groups_) muon(group, settings_.muon_lr * scale);
  for (Slot& slot : slots_) {
    if (!slot.parameter->is_matrix) adam(slot, slot.parameter->tensor.grad(), settings_.adam_lr * scale);
    slot.parameter->tensor.mutable_grad().reset();
  }
  return norm;
}

void Optimizer::muon(const std::vector<std::size_t>& group, double lr) const {
  std::vector<Tensor> weights, gradients, momenta;
  for (const std::size_t i : group) {
    weights.push_back(slots_[i].parameter->tensor);
    gradients.push_back(weights.back().grad());
    momenta.push_back(slots_[i].first);
  }
  at::_foreach_mul_(momenta, kMomentum);
  at::_foreach_add_(momenta, gradients, 1 - kMomentum);
  const Tensor nesterov = torch::lerp(torch::stack(gradients), torch::stack(momenta), kMomentum);
  const double size = static_cast<double>(std::max(nesterov.size(1), nesterov.size(2)));
  at::_foreach_mul_(weights, 1 - lr * settings_.weight_decay);
  at::_foreach_add_(weights, orthogonalize(nesterov).unbind(0), -lr * 0.2 * std::sqrt(size));
}

void Optimizer::adam(Slot& slot, const Tensor& grad, double lr) const {
  slot.first.mul_(kBeta1).add_(grad, 1 - kBeta1);
  slot.second.mul_(kBeta2).addcmul_(grad, grad, 1 - kBeta2);
  const double correct1 = 1 - std::pow(kBeta1, static_cast<double>(steps));
  const double correct2 = 1 - std::pow(kBeta2, static_cast<double>(steps));
  Tensor weight = slot.parameter->tensor;
  if (weight.dim() == 2) weight.mul_(1 - lr * settings_.weight_decay);
  weight.addcdiv_(slot.first, (slot.second / correct2).sqrt_().add_(kAdamEpsilon), -lr / correct1);
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Slot& slot : slots_) {
    out.emplace_back("m." + slot.parameter->name, slot.first);
    if (slot.second.defined()) out.emplace_back("v." + slot.parameter->name, slot.second);
  }
  return out;
}

}  // namespace koan::train
