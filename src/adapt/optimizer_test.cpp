// One step of each rule against what it should do to the weights.
#include "adapt/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "adapt/test_net.h"

namespace koan::train {
namespace {

std::vector<Tensor> weights(Net& net) {
  std::vector<Tensor> out;
  for (const Parameter& p : net.parameters()) out.push_back(p.tensor.detach().clone());
  return out;
}

void random_gradients(Net& net) {
  torch::manual_seed(9);
  for (Parameter& p : net.parameters()) p.tensor.mutable_grad() = torch::randn_like(p.tensor.detach());
}

TEST(OptimizerTest, MuonStepIsNearlyOrthogonal) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  random_gradients(net);
  std::vector<Tensor> gradients;
  for (const Parameter& p : net.parameters()) gradients.push_back(p.tensor.grad().clone());
  const std::vector<Tensor> before = weights(net);
  const double lr = 0.01;
  Optimizer optimizer(net, {lr, lr, 0, 0});
  optimizer.step(1);
  int matrices = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!net.parameters()[i].is_matrix) continue;
    ++matrices;
    const auto side = static_cast<double>(std::max(before[i].size(0), before[i].size(1)));
    const Tensor update = (before[i] - weights(net)[i]) / (lr * 0.2 * std::sqrt(side));
    // The quintic iteration leaves singular values between about 0.7 and 1.2; small ones of the gradient may stay
    // lower.
    const Tensor singular = torch::linalg_svdvals(update);
    EXPECT_LT(singular.max().item<double>(), 1.3) << net.parameters()[i].name;
    EXPECT_GT(singular.median().item<double>(), 0.65) << net.parameters()[i].name;
    const auto [u, s, v] = torch::linalg_svd(gradients[i], false);
    const Tensor nearest = torch::mm(u, v);
    const double cosine = ((update * nearest).sum() / (update.norm() * nearest.norm())).item<double>();
    EXPECT_GT(cosine, 0.95) << net.parameters()[i].name;
  }
  EXPECT_EQ(matrices, 7);
}

TEST(OptimizerTest, FirstAdamStepIsTheSignTimesTheRate) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  random_gradients(net);
  const Tensor sign = net.embedding().grad().sign();
  const Tensor before = net.embedding().detach().clone();
  Optimizer optimizer(net, {0.01, 0.02, 0, 0});
  optimizer.step(0.5);
  EXPECT_LT((before - net.embedding().detach() - 0.01 * sign).abs().max().item<double>(), 1e-5);
  EXPECT_FALSE(net.embedding().grad().defined()) << "gradients are cleared";
  EXPECT_EQ(optimizer.steps, 1);
}

TEST(OptimizerTest, DecayShrinksMatricesOnly) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  for (Parameter& p : net.parameters()) p.tensor.mutable_grad() = torch::zeros_like(p.tensor.detach());
  const std::vector<Tensor> before = weights(net);
  Optimizer optimizer(net, {0.1, 0.1, 0.5, 0});
  EXPECT_EQ(optimizer.step(1), 0);
  const std::vector<Tensor> after = weights(net);
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(torch::allclose(after[i], before[i] * (before[i].dim() == 2 ? 0.95 : 1.0))) << net.parameters()[i].name;
}

TEST(OptimizerTest, ReportsTheNormBeforeClipping) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  random_gradients(net);
  double squares = 0;
  for (const Parameter& p : net.parameters()) squares += p.tensor.grad().pow(2).sum().item<double>();
  Optimizer optimizer(net, {0.01, 0.01, 0, 1});
  EXPECT_NEAR(optimizer.step(1), std::sqrt(squares), 1e-3 * std::sqrt(squares));
}

}  // namespace
}  // namespace koan::train
