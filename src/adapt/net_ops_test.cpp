// The operations, as they run on the CPU and as they run elsewhere, against the same mathematics in plain LibTorch:
// values and gradients.
#include "adapt/net_ops.h"

#include <gtest/gtest.h>

#include <cmath>

#include "adapt/device_ops.h"

namespace koan::train {
namespace {

Tensor leaf(std::vector<std::int64_t> shape, torch::ScalarType type = torch::kFloat) {
  return torch::randn(shape).to(type).requires_grad_(true);
}
Tensor plain_leaf(const Tensor& t) { return t.detach().to(torch::kFloat).requires_grad_(true); }

// bf16 carries 8 bits: compare in the relative Euclidean norm.
void expect_near(const Tensor& a, const Tensor& b, const char* what) {
  ASSERT_TRUE(a.defined() && b.defined()) << what;
  const double error =
      ((a.to(torch::kFloat) - b.to(torch::kFloat)).norm() / (b.to(torch::kFloat).norm() + 1e-12)).item<double>();
  EXPECT_LT(error, 0.012) << what;
}

Tensor norm(const Tensor& x, const Tensor& w) { return x * torch::rsqrt(x.pow(2).mean(-1, true) + 1e-6) * w; }

struct Operations {
  const char* name;
  decltype(&train::add_norm) add_norm;
  decltype(&train::swiglu) swiglu;
  decltype(&train::attention) attention;
};
// Instead of the bytes of pointers, which CTest would take into the test's name.
void PrintTo(const Operations& operations, std::ostream* out) { *out << operations.name; }
class NetOpsEverywhere : public testing::TestWithParam<Operations> {};
INSTANTIATE_TEST_SUITE_P(Operations, NetOpsEverywhere,
                         testing::Values(Operations{"Cpu", add_norm, swiglu, attention},
                                         Operations{"Device", device_add_norm, device_swiglu, device_attention}),
                         [](const auto& operations) { return operations.param.name; });

TEST_P(NetOpsEverywhere, AddNorm) {
  torch::manual_seed(1);
  const Tensor x = leaf({96, 64}), y = leaf({96, 64}, torch::kBFloat16), w = leaf({64});
  const Tensor px = plain_leaf(x), py = plain_leaf(y), pw = plain_leaf(w);
  const Tensor g1 = torch::randn({96, 64}), g2 = torch::randn({96, 64});
  const auto [sum, out] = GetParam().add_norm(x, y, w, 1e-6);
  ((sum * g1).sum() + (out.to(torch::kFloat) * g2).sum()).backward();
  const Tensor psum = px + py, pout = norm(psum, pw);
  ((psum * g1).sum() + (pout * g2).sum()).backward();
  expect_near(sum, psum, "sum");
  expect_near(out, pout, "out");
  expect_near(x.grad(), px.grad(), "x");
  expect_near(y.grad(), py.grad(), "y");
  expect_near(w.grad(), pw.grad(), "weight");
}

TEST_P(NetOpsEverywhere, NormOfTheFirstBlock) {  // nothing to add, and the sum goes nowhere
  torch::manual_seed(6);
  const Tensor x = leaf({96, 64}), w = leaf({64}), g = torch::randn({96, 64});
  const Tensor px = plain_leaf(x), pw = plain_leaf(w);
  const Tensor out = std::get<1>(GetParam().add_norm(x, Tensor(), w, 1e-6));
  (out.to(torch::kFloat) * g).sum().backward();
  const Tensor pout = norm(px, pw);
  (pout * g).sum().backward();
  expect_near(out, pout, "out");
  expect_near(x.grad(), px.grad(), "x");
  expect_near(w.grad(), pw.grad(), "weight");
}

TEST_P(NetOpsEverywhere, SwiGlu) {
  torch::manual_seed(2);
  const Tensor in = leaf({70, 128}, torch::kBFloat16), g = torch::randn({70, 64});
  const Tensor pin = plain_leaf(in);
  const Tensor out = GetParam().swiglu(in);
  (out.to(torch::kFloat) * g).sum().backward();
  const auto halves = pin.chunk(2, -1);
  const Tensor pout = torch::silu(halves[0]) * halves[1];
  (pout * g).sum().backward();
  expect_near(out, pout, "out");
  expect_near(in.grad(), pin.grad(), "in");
}

TEST_P(NetOpsEverywhere, Attention) {
  torch::manual_seed(3);
  const std::int64_t batch = 2, length = 96, heads = 4, kv = 2, dim = 32;
  const Tensor qkv = leaf({batch * length, (heads + 2 * kv) * dim}, torch::kBFloat16), qw = leaf({dim}),
               kw = leaf({dim});
  const Tensor pqkv = plain_leaf(qkv), pqw = plain_leaf(qw), pkw = plain_leaf(kw);
  const Tensor angle =
      torch::outer(torch::arange(length, torch::kFloat),
                   torch::pow(10000.0, -torch::arange(0, dim, 2, torch::kFloat) / static_cast<double>(dim)));
  const Tensor cosine = angle.cos(), sine = angle.sin(), g = torch::randn({batch * length, heads * dim});
  const Tensor out = GetParam().attention(qkv, qw, kw, {batch, length, heads, kv, dim, 1e-6, cosine, sine});
  (out.to(torch::kFloat) * g).sum().backward();

  const auto rotate = [&](const Tensor& t) {
    const auto h = t.chunk(2, -1);
    return torch::cat({h[0] * cosine - h[1] * sine, h[1] * cosine + h[0] * sine}, -1);
  };
  const Tensor x = pqkv.view({batch, length, heads + 2 * kv, dim}).transpose(1, 2);
  const Tensor q = rotate(norm(x.narrow(1, 0, heads), pqw));
  const Tensor k = rotate(norm(x.narrow(1, heads, kv), pkw)).repeat_interleave(heads / kv, 1);
  const Tensor v = x.narrow(1, heads + kv, kv).repeat_interleave(heads / kv, 1);
  const Tensor future = torch::ones({length, length}, torch::kBool).triu(1);
  const Tensor p =
      torch::softmax((torch::matmul(q, k.transpose(2, 3)) / std::sqrt(32.0)).masked_fill(future, -1e30), -1);
  const Tensor pout = torch::matmul(p, v).transpose(1, 2).reshape({batch * length, heads * dim});
  (pout * g).sum().backward();
  expect_near(out, pout, "out");
  expect_near(qkv.grad(), pqkv.grad(), "qkv");
  expect_near(qw.grad(), pqw.grad(), "q weight");
  expect_near(kw.grad(), pkw.grad(), "k weight");
}

TEST(NetOps, LinearCrossEntropyIgnoresMaskedTargets) {
  torch::manual_seed(4);
  const Tensor x = leaf({1100, 32}, torch::kBFloat16), e = leaf({300, 32});
  const Tensor px = plain_leaf(x), pe = plain_leaf(e);
  Tensor targets = torch::randint(0, 300, {1100}, torch::kLong);
  targets[5] = -1;
  targets[1099] = -1;
  const Tensor loss = linear_cross_entropy(x, e, targets);
  (loss / 1098).backward();
  const Tensor log_p = torch::log_softmax(torch::mm(px, pe.t()), 1);
  const Tensor live = targets.ge(0).to(torch::kFloat);
  const Tensor plain = -(log_p.gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1) * live).sum();
  (plain / 1098).backward();
  expect_near(loss, plain, "loss");
  expect_near(x.grad(), px.grad(), "x");
  expect_near(e.grad(), pe.grad(), "embedding");
  expect_near(row_losses(x.detach(), e.detach(), targets).sum(), plain, "row losses");
}

TEST(NetOps, LossesOfLogitsElsewhere) {
  torch::manual_seed(7);
  Tensor logits = (torch::randn({40, 300}) * 3).to(torch::kBFloat16);
  const Tensor plain = plain_leaf(logits);
  Tensor targets = torch::randint(0, 300, {40}, torch::kLong);
  targets[5] = -1;
  const Tensor losses = device_chunk_losses(logits, targets);
  const Tensor expected = torch::nn::functional::cross_entropy(
      plain, targets, torch::nn::functional::CrossEntropyFuncOptions().ignore_index(-1).reduction(torch::kNone));
  expected.sum().backward();
  expect_near(losses, expected, "losses");
  expect_near(logits, plain.grad(), "gradient");
}

TEST(NetOps, Project) {
  torch::manual_seed(5);
  const Tensor x = leaf({64, 96}, torch::kBFloat16), w = leaf({32, 96}), g = torch::randn({64, 32});
  const Tensor px = plain_leaf(x), pw = plain_leaf(w);
  const Tensor out = project(x, w);
  (out.to(torch::kFloat) * g).sum().backward();
  const Tensor pout = torch::mm(px, pw.t());
  (pout * g).sum().backward();
  expect_near(out, pout, "out");
  expect_near(x.grad(), px.grad(), "x");
  expect_near(w.grad(), pw.grad(), "w");
}

}  // namespace
}  // namespace koan::train
