// Bits per byte against computations by hand.
#include "adapt/evaluate.h"

#include <cmath>
#include <numbers>

#include "adapt/test_net.h"
#include "adapt/test_pack.h"

namespace koan::train {
namespace {

// All logits are equal without an embedding: a token costs log2(257) bits, and it is one byte.
TEST(Evaluate, UniformModelCostsTheLogOfTheVocabulary) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  {
    torch::NoGradGuard no_grad;
    net.parameters()[0].tensor.zero_();
  }
  const Pack pack = byte_pack({packed("a", 1, {"hello", std::string(100, 'x'), ""}), packed("b", 1, {"yz"})});
  const std::vector<SourceScore> scores = evaluate(net, pack, 32, 0);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].name, "a");
  EXPECT_EQ(scores[0].bytes, 105u);
  EXPECT_EQ(scores[1].bytes, 2u);
  for (const SourceScore& score : scores) EXPECT_NEAR(score.bits_per_byte(), std::log2(257.0), 0.01);
}

// A document of 40 tokens in windows of 32: two rows, each behind its own start token, padding not counted.
TEST(Evaluate, CutsDocumentsIntoWindows) {
  Net net(kOneLayerNet, torch::kCPU, 2);
  {
    torch::NoGradGuard no_grad;
    for (Parameter& p : net.parameters())
      if (p.tensor.dim() == 2) p.tensor.normal_(0, 0.2);
  }
  std::string text;
  for (int i = 0; i < 40; ++i) text.push_back(static_cast<char>('a' + i % 26));
  const Pack pack = byte_pack({packed("a", 1, {text})});
  double nats = 0;
  torch::NoGradGuard no_grad;
  for (std::size_t from = 0; from < text.size(); from += 32) {
    Tensor inputs = torch::zeros({1, 32}, torch::kLong);
    const std::size_t n = std::min<std::size_t>(32, text.size() - from);
    for (std::size_t i = 1; i < n; ++i) inputs[0][static_cast<std::int64_t>(i)] = text[from + i - 1] + 1;
    const Tensor logits = torch::mm(net.hidden(inputs).to(torch::kFloat), net.embedding().t());
    const Tensor log_p = torch::log_softmax(logits, 1);
    for (std::size_t i = 0; i < n; ++i) nats -= log_p[static_cast<std::int64_t>(i)][text[from + i] + 1].item<double>();
  }
  const SourceScore score = evaluate(net, pack, 32, 0)[0];
  EXPECT_EQ(score.bytes, 40u);
  EXPECT_NEAR(score.bits_per_byte(), nats / std::numbers::ln2 / 40, 0.02 * score.bits_per_byte());  // logits are bf16
}

TEST(Evaluate, StopsAfterTheTokensAskedFor) {
  Net net(kOneLayerNet, torch::kCPU, 1);
  const Pack pack = byte_pack({packed("a", 1, {std::string(500, 'x')})});
  EXPECT_EQ(evaluate(net, pack, 32, 64)[0].bytes, 64u);
}

}  // namespace
}  // namespace koan::train
