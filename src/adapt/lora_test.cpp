#include "adapt/lora.h"

#include <cmath>
#include <numbers>

#include "adapt/test_net.h"
#include "kernels/dispatch.h"
#include "model/streams.h"

namespace koan::train {
namespace {

const LoraSettings kSettings{4, 12, {}, 3};

// B is zero in a fresh adapter.
void randomise_b(LoraNet& net, double deviation = 0.2) {
  torch::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(17);
  for (LoraGroup& group : net.groups())
    for (const LoraPart& part : group.parts)
      group.b.narrow(0, part.row, part.out).copy_(torch::randn({part.out, net.rank()}, generator) * deviation);
}

Tensor text_tokens(std::int64_t rows, std::int64_t length, std::uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return torch::randint(1, 257, {rows, length}, generator, torch::kLong);
}

double relative(const Tensor& a, const Tensor& b) {
  return ((a.to(torch::kFloat) - b.to(torch::kFloat)).norm() / b.to(torch::kFloat).norm()).item<double>();
}

Tensor a_of(const LoraNet& net, const LoraGroup& group, const LoraPart& part) {
  return group.a.narrow(0, part.at, net.rank());
}
Tensor b_of(const LoraGroup& group, const LoraPart& part) { return group.b.narrow(0, part.row, part.out); }

TEST(Lora, FreshAdapterChangesNothing) {
  Net plain = random_net(1);
  LoraNet adapted(random_net(1), kSettings);
  const Tensor tokens = text_tokens(2, 64, 5);
  torch::NoGradGuard no_grad;
  const Tensor base = plain.hidden(tokens);
  EXPECT_TRUE(torch::equal(adapted.hidden(tokens), base));
  adapted.merge();
  EXPECT_TRUE(torch::equal(adapted.hidden(tokens), base));
  randomise_b(adapted);
  adapted.merge();
  EXPECT_GT(relative(adapted.hidden(tokens), base), 0.05) << "the comparison must be able to fail";
}

TEST(Lora, MergedWeightIsBasePlusScaledProduct) {
  LoraNet net(random_net(1), kSettings);
  randomise_b(net);
  net.merge();
  ASSERT_EQ(net.groups().size(), 8u);  // four products in each of two blocks
  EXPECT_EQ(net.scale(), 3);
  torch::NoGradGuard no_grad;
  std::size_t parts = 0;
  for (const LoraGroup& group : net.groups())
    for (const LoraPart& part : group.parts) {
      ++parts;
      const Tensor want =
          group.base.narrow(0, part.row, part.out) + 3.0 * torch::mm(b_of(group, part), a_of(net, group, part));
      EXPECT_LT(relative(group.merged.narrow(0, part.row, part.out), want), 0.004) << part.target;  // bf16
    }
  EXPECT_EQ(parts, 14u);
}

// The same network with W + scale B A in place of each weight, all of it plain autograd.
struct Reference {
  explicit Reference(LoraNet& from) : net(random_net(1)) {
    for (LoraGroup& group : from.groups())
      for (const LoraPart& part : group.parts) {
        a.push_back(a_of(from, group, part).detach().clone().requires_grad_(true));
        b.push_back(b_of(group, part).detach().clone().requires_grad_(true));
        for (Parameter& p : net.parameters())
          if (p.name == part.target) p.tensor = p.tensor.detach() + from.scale() * torch::mm(b.back(), a.back());
      }
  }
  Net net;
  std::vector<Tensor> a, b;
};

void expect_same_gradients(const LoraSettings& settings) {
  LoraNet net(random_net(1), settings);
  randomise_b(net);
  net.merge();
  Reference reference(net);
  const Tensor tokens = text_tokens(4, 64, 6);
  Tensor targets = text_tokens(4, 64, 7).reshape({-1});
  targets.narrow(0, 0, 20).fill_(-1);
  const Tensor loss = frozen_cross_entropy(net.hidden(tokens), net.output(), targets) / 236;
  loss.backward();
  const Tensor plain = linear_cross_entropy(reference.net.hidden(tokens), reference.net.embedding(), targets) / 236;
  plain.backward();
  EXPECT_NEAR(loss.item<double>(), plain.item<double>(), 0.01 * plain.item<double>());
  std::size_t i = 0;
  for (const LoraGroup& group : net.groups())
    for (const LoraPart& part : group.parts) {
      EXPECT_LT(relative(group.a.grad().narrow(0, part.at, net.rank()), reference.a[i].grad()), 0.05) << part.target;
      EXPECT_LT(relative(group.b.grad().narrow(0, part.row, part.out), reference.b[i].grad()), 0.05) << part.target;
      ++i;
    }
  EXPECT_EQ(i, reference.a.size());
  for (const Parameter& p : net.parameters()) EXPECT_FALSE(p.tensor.grad().defined()) << p.name << " is frozen";
}

TEST(Lora, GradientsAreThoseOfPlainAutograd) { expect_same_gradients(kSettings); }
TEST(Lora, GradientsOfASubsetPassThroughWhatIsNotAdapted) { expect_same_gradients({4, 12, {"q", "v", "up"}, 3}); }

TEST(Lora, AdaptsTheTargetsThatAreNamed) {
  const auto targets = parse_targets("q,down,q");
  ASSERT_TRUE(targets.has_value());
  EXPECT_EQ(*targets, (std::vector<std::string>{"q", "down"}));
  LoraNet net(random_net(1), {4, 8, *targets, 3});
  randomise_b(net);
  net.merge();
  const Adapter adapter = net.adapter();
  std::vector<std::string> names;
  for (const AdapterTensor& tensor : adapter.tensors) {
    names.push_back(tensor.target);
    EXPECT_EQ(tensor.rank, 4u);
    EXPECT_EQ(tensor.a.size(), std::size_t{4} * tensor.in);
    EXPECT_EQ(tensor.b.size(), std::size_t{4} * tensor.out);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"blk.0.attn_q.weight", "blk.0.ffn_down.weight", "blk.1.attn_q.weight",
                                             "blk.1.ffn_down.weight"}));
  EXPECT_EQ(adapter.alpha, 8);
  const LoraGroup& qkv = net.groups()[0];
  EXPECT_FALSE(torch::equal(qkv.merged.narrow(0, 0, 64), cast_bf16(qkv.base.narrow(0, 0, 64)))) << "q";
  EXPECT_TRUE(torch::equal(qkv.merged.narrow(0, 64, 64), cast_bf16(qkv.base.narrow(0, 64, 64)))) << "k and v";
  EXPECT_TRUE(net.groups()[2].parts.empty()) << "gate and up";

  for (const char* bad : {"", "q,", "q,w", "attn_q", "Q"}) {
    const auto wrong = parse_targets(bad);
    ASSERT_FALSE(wrong.has_value()) << bad;
    EXPECT_EQ(wrong.error().code, ErrorCode::kUsage);
  }
}

TEST(Lora, RankMustFitTheMatrices) {
  const Net net = random_net(1);  // k and v are 32 x 32, the narrowest
  EXPECT_TRUE(check_rank(net, {32, 64, {}, 1}));
  const Status wide = check_rank(net, {33, 64, {}, 1});
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().code, ErrorCode::kLimit);
  EXPECT_NE(wide.error().message.find("--rank 32"), std::string::npos) << wide.error().message;
  const Net wider = random_net(1, {257, 64, 1, 2, 1, 32, 96});
  EXPECT_EQ(check_rank(wider, {40, 64, {"q", "k"}, 1}).error().message.find("rank 40 is too large for attn_k"), 0u);
  EXPECT_TRUE(check_rank(wider, {40, 64, {"q", "down"}, 1}));
}

// Bits of each token of one row in koan's exact engine.
Tensor exact_bits(std::shared_ptr<const Model> model, const Tensor& tokens, Token bos) {
  const Kernels* kernels = choose_kernels().value();
  Streams streams = Streams::create(std::move(model), kernels, {512, 4}, 1, 1).value();
  Tensor bits = torch::empty({tokens.numel()});
  for (std::int64_t i = 0; i < tokens.numel(); ++i) {
    const Row row{0, i == 0 ? bos : static_cast<Token>(tokens[i - 1].item<std::int64_t>())};
    streams.forward({&row, 1});
    const NextToken next = streams.next(0);
    const auto target = static_cast<std::size_t>(tokens[i].item<std::int64_t>());
    bits[i] = -std::log2(static_cast<double>(next.freqs[target]) / next.total);
  }
  return bits;
}

class LoraExport : public FolderTest {};

// What the trainer says an adapter is worth is what koan gets from the file.
TEST_F(LoraExport, ExactEngineAgreesWithRequantisedMeasurement) {
  Net original = random_net(1);
  write_model(original, path("base.gguf"));
  const Bytes file = *read_file(path("base.gguf"), kMaxFile);
  auto base = Model::load(file);
  ASSERT_TRUE(base.has_value()) << base.error().message;
  const auto parsed = parse_gguf(file);
  ASSERT_TRUE(parsed.has_value());
  Net quantised(kTinyNet, torch::kCPU, 9);
  ASSERT_TRUE(load_parameters(*parsed, quantised));
  LoraNet net(std::move(quantised), kSettings);
  randomise_b(net);
  net.merge_requantised();

  const Tensor text = text_tokens(1, 96, 11).reshape({-1});
  const Tensor inputs = torch::cat({torch::zeros({1}, torch::kLong), text.narrow(0, 0, 95)}).reshape({1, 96});
  torch::NoGradGuard no_grad;
  const Tensor trained = row_losses(net.hidden(inputs), net.embedding(), text) / std::numbers::ln2;

  Adapter written = net.adapter();
  const auto adapter = parse_adapter(write_adapter(written));
  ASSERT_TRUE(adapter.has_value()) << adapter.error().message;
  ASSERT_EQ(adapter->tensors.size(), written.tensors.size());
  EXPECT_EQ(adapter->tensors[5].a, written.tensors[5].a) << "values are rounded to what the file holds";
  EXPECT_EQ(adapter->tensors[5].b, written.tensors[5].b);
  const auto merged = Model::with_adapter(**base, *adapter);
  ASSERT_TRUE(merged.has_value()) << merged.error().message;
  const Tensor exact = exact_bits(*merged, text, 0);
  EXPECT_LT(relative(exact, trained), 0.02);
  EXPECT_NEAR(exact.mean().item<double>(), trained.mean().item<double>(), 0.005 * trained.mean().item<double>());
  EXPECT_GT(relative(exact_bits(*base, text, 0), trained), 0.1) << "the comparison must be able to fail";
}

}  // namespace
}  // namespace koan::train
