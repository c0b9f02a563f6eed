#include "adapt/optimizer.h"

#include <cmath>

namespace koan::train {
namespace {

constexpr double kMomentum = 0.95;
constexpr double kBeta1 = 0.9, kBeta2 = 0.95, kAdamEpsilon = 1e-8;

// The nearest semi-orthogonal matrix, roughly: five quintic Newton-Schulz steps in bf16, on the side with fewer rows.
Tensor orthogonalize(const Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  Tensor x = cast_bf16((tall ? matrix.t() : matrix) / (matrix.norm() + 1e-12));
  for (int i = 0; i < 5; ++i) {
    const Tensor a = torch::mm(x, x.t());
    const Tensor b = a * -4.7750 + torch::mm(a, a) * 2.0315;
    x = x * 3.4445 + torch::mm(b, x);
  }
  const Tensor out = x.to(torch::kFloat);
  return tall ? out.t() : out;
}

}  // namespace

Optimizer::Optimizer(Net& net, const OptimizerSettings& settings) : settings_(settings) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : net.parameters()) {
    Slot slot{&parameter, torch::zeros_like(parameter.tensor), {}};
    if (!parameter.is_matrix) slot.second = torch::zeros_like(parameter.tensor);
    slots_.push_back(slot);
  }
}

double Optimizer::step(double scale) {
  torch::NoGradGuard no_grad;
  ++steps;
  double squares = 0;
  for (const Slot& slot : slots_) {
    const double norm = slot.parameter->tensor.grad().norm().item<double>();
    squares += norm * norm;
  }
  const double norm = std::sqrt(squares);
  const double shrink = settings_.clip > 0 && norm > settings_.clip ? settings_.clip / norm : 1.0;
  for (Slot& slot : slots_) {
    Tensor& grad = slot.parameter->tensor.mutable_grad();
    if (shrink < 1) grad.mul_(shrink);
    if (slot.parameter->is_matrix)
      muon(slot, grad, settings_.muon_lr * scale);
    else
      adam(slot, grad, settings_.adam_lr * scale);
    grad.reset();
  }
  return norm;
}

void Optimizer::muon(Slot& slot, const Tensor& grad, double lr) const {
  slot.first.mul_(kMomentum).add_(grad, 1 - kMomentum);
  const Tensor nesterov = torch::lerp(grad, slot.first, kMomentum);
  const double size = static_cast<double>(std::max(grad.size(0), grad.size(1)));
  Tensor weight = slot.parameter->tensor;
  weight.mul_(1 - lr * settings_.weight_decay).add_(orthogonalize(nesterov), -lr * 0.2 * std::sqrt(size));
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
