#include "adapt/evaluate.h"

#include <algorithm>

namespace koan::train {
namespace {

constexpr std::size_t kRows = 16;      // windows in one forward pass
constexpr std::size_t kMultiple = 32;  // the attention kernel's tile

using Window = std::vector<Token>;  // the start token, then text

double bits_of(Net& net, const std::vector<Window>& windows) {
  std::size_t length = 0;
  for (const Window& window : windows) length = std::max(length, window.size() - 1);
  length = (length + kMultiple - 1) / kMultiple * kMultiple;
  const auto rows = static_cast<std::int64_t>(windows.size());
  Tensor inputs = torch::zeros({rows, static_cast<std::int64_t>(length)}, torch::kLong);
  Tensor targets = torch::full({rows, static_cast<std::int64_t>(length)}, -1, torch::kLong);
  for (std::size_t r = 0; r < windows.size(); ++r) {
    std::int64_t* in = inputs.data_ptr<std::int64_t>() + r * length;
    std::int64_t* out = targets.data_ptr<std::int64_t>() + r * length;
    for (std::size_t i = 0; i + 1 < windows[r].size(); ++i) {
      in[i] = windows[r][i];
      out[i] = windows[r][i + 1];
    }
  }
  const Tensor hidden = net.hidden(inputs.to(net.device()));
  const Tensor losses = row_losses(hidden, net.embedding(), targets.reshape({-1}).to(net.device()));
  return losses.to(torch::kDouble).sum().item<double>() / 0.69314718055994531;
}

}  // namespace

std::vector<SourceScore> evaluate(Net& net, const Pack& pack, std::int64_t window, std::int64_t tokens) {
  torch::NoGradGuard no_grad;
  const Tokenizer& tokenizer = *pack.tokenizer;
  std::vector<SourceScore> out;
  for (const PackedSource& source : pack.sources) {
    SourceScore score{source.name, 0, 0};
    std::vector<Window> windows;
    std::int64_t seen = 0;
    const auto flush = [&] {
      if (!windows.empty()) score.bits += bits_of(net, windows);
      windows.clear();
    };
    for (std::size_t d = 0; d < source.documents.size() && (tokens == 0 || seen < tokens); ++d) {
      const std::size_t end = source.document_end(d);
      const auto step = static_cast<std::size_t>(window);
      for (std::size_t at = static_cast<std::size_t>(source.documents[d].first) + 1;
           at < end && (tokens == 0 || seen < tokens); at += step) {
        Window text = {tokenizer.bos()};
        for (std::size_t i = at; i < std::min(end, at + step); ++i) {
          text.push_back(source.at(i));
          score.bytes += tokenizer.bytes(text.back()).size();
        }
        seen += static_cast<std::int64_t>(text.size()) - 1;
        windows.push_back(std::move(text));
        if (windows.size() == kRows) flush();
      }
    }
    flush();
    out.push_back(score);
  }
  return out;
}

}  // namespace koan::train
