#include "adapt/lora_optimizer.h"

#include <cmath>

#include "adapt/optimizer.h"

namespace koan::train {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.98, kEpsilon = 1e-8;

}  // namespace

LoraOptimizer::LoraOptimizer(LoraNet& net, const LoraOptimizerSettings& settings) : settings_(settings) {
  torch::NoGradGuard no_grad;
  for (std::size_t g = 0; g < net.groups().size(); ++g) {
    LoraGroup& group = net.groups()[g];
    if (group.parts.empty()) continue;
    const std::string name = std::to_string(g);
    slots_.push_back({"a." + name, group.a, torch::zeros_like(group.a), torch::zeros_like(group.a), 1});
    slots_.push_back({"b." + name, group.b, torch::zeros_like(group.b), torch::zeros_like(group.b), settings.b_factor});
  }
}

double LoraOptimizer::step(double scale) {
  torch::NoGradGuard no_grad;
  ++steps;
  std::vector<Tensor> gradients;
  for (const Slot& slot : slots_) gradients.push_back(slot.weight.grad());
  const double norm = clip(gradients, settings_.clip);
  const double correct1 = 1 - std::pow(kBeta1, static_cast<double>(steps));
  const double correct2 = 1 - std::pow(kBeta2, static_cast<double>(steps));
  for (Slot& slot : slots_) {
    Tensor& grad = slot.weight.mutable_grad();
    const double lr = settings_.lr * scale * slot.factor;
    slot.first.mul_(kBeta1).add_(grad, 1 - kBeta1);
    slot.second.mul_(kBeta2).addcmul_(grad, grad, 1 - kBeta2);
    slot.weight.mul_(1 - lr * settings_.weight_decay);
    slot.weight.addcdiv_(slot.first, (slot.second / correct2).sqrt_().add_(kEpsilon), -lr / correct1);
    grad.reset();
  }
  return norm;
}

std::vector<std::pair<std::string, Tensor>> LoraOptimizer::weights() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Slot& slot : slots_) out.emplace_back(slot.name, slot.weight);
  return out;
}

std::vector<std::pair<std::string, Tensor>> LoraOptimizer::state() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Slot& slot : slots_) {
    out.emplace_back(slot.name, slot.weight);
    out.emplace_back("m." + slot.name, slot.first);
    out.emplace_back("v." + slot.name, slot.second);
  }
  return out;
}

}  // namespace koan::train
