#include "model/reference_forward.h"

#include <algorithm>
#include <cmath>

#include "model/config.h"
#include "model/test_models.h"

namespace koan {

ReferenceForward::ReferenceForward(const GgufFile& file) : config_(read_config(file).value()) {
  for (const GgufTensor& tensor : file.tensors) tensors_[tensor.name] = dequantise(tensor);
  config_.vocabulary = static_cast<std::uint32_t>(file.find("token_embd.weight")->shape[1]);
}

ReferenceForward::Vector ReferenceForward::linear(const std::string& name, const Vector& in) const {
  const Vector& matrix = tensors_.at(name);
  Vector out(matrix.size() / in.size());
  for (std::size_t r = 0; r < out.size(); ++r) {
    for (std::size_t i = 0; i < in.size(); ++i) out[r] += matrix[r * in.size() + i] * in[i];
  }
  return out;
}

ReferenceForward::Vector ReferenceForward::norm(const std::string& name, const Vector& in) const {
  const Vector& weight = tensors_.at(name);
  double squares = 0;
  for (const double value : in) squares += value * value;
  const double r = 1 / std::sqrt(squares / static_cast<double>(in.size()) + static_cast<double>(config_.norm_eps));
  Vector out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * r * weight[i];
  return out;
}

void ReferenceForward::norm_heads(const std::string& name, Vector& heads) const {
  if (!tensors_.contains(name)) return;
  for (std::size_t h = 0; h < heads.size(); h += config_.head_dim) {
    const auto from = heads.begin() + static_cast<std::ptrdiff_t>(h);
    const Vector one = norm(name, Vector(from, from + config_.head_dim));
    std::copy(one.begin(), one.end(), from);
  }
}

void ReferenceForward::rotate(Vector& heads, double position) const {
  const std::size_t d = config_.head_dim;
  const bool neighbours = config_.architecture == "llama";
  for (std::size_t h = 0; h < heads.size(); h += d) {
    for (std::size_t i = 0; i < d / 2; ++i) {
      const double angle =
          position * std::pow(config_.rope_base, -2.0 * static_cast<double>(i) / static_cast<double>(d));
      double& a = heads[h + (neighbours ? 2 * i : i)];
      double& b = heads[h + (neighbours ? 2 * i + 1 : i + d / 2)];
      const double rotated = a * std::cos(angle) - b * std::sin(angle);
      b = a * std::sin(angle) + b * std::cos(angle);
      a = rotated;
    }
  }
}

void ReferenceForward::mix(const Vector& query, const Vector& far_query, const std::vector<Vector>& keys,
                           const std::vector<Vector>& values, std::size_t p, std::size_t head, Window window,
                           Vector& out) const {
  const std::size_t d = config_.head_dim;
  const std::size_t kv = head / (config_.heads / config_.kv_heads);
  Vector weights(p + 1, 0.0);
  double sum = 0;
  for (std::size_t j = 0; j <= p; ++j) {
    if (p - j >= window.size && j >= window.sinks) continue;
    const Vector& q = p - j < window.size ? query : far_query;
    double score = 0;
    for (std::size_t i = 0; i < d; ++i) score += q[head * d + i] * keys[j][kv * d + i];
    weights[j] = std::exp(score / std::sqrt(static_cast<double>(d)));
    sum += weights[j];
  }
  for (std::size_t j = 0; j <= p; ++j) {
    for (std::size_t i = 0; i < d; ++i) out[head * d + i] += weights[j] / sum * values[j][kv * d + i];
  }
}

std::vector<ReferenceForward::Vector> ReferenceForward::attention(const std::string& block,
                                                                  const std::vector<Vector>& x, Window window) const {
  std::vector<Vector> queries, far_queries, keys, values, out;
  for (std::size_t p = 0; p < x.size(); ++p) {
    const Vector h = norm(block + "attn_norm.weight", x[p]);
    queries.push_back(linear(block + "attn_q.weight", h));
    keys.push_back(linear(block + "attn_k.weight", h));
    values.push_back(linear(block + "attn_v.weight", h));
    norm_heads(block + "attn_q_norm.weight", queries[p]);
    norm_heads(block + "attn_k_norm.weight", keys[p]);
    far_queries.push_back(queries[p]);
    rotate(queries[p], static_cast<double>(p));
    rotate(keys[p], static_cast<double>(p));
    rotate(far_queries[p], static_cast<double>(std::min<std::size_t>(p, window.size + window.sinks - 1)));
    Vector mixed(queries[p].size());
    for (std::size_t head = 0; head < config_.heads; ++head)
      mix(queries[p], far_queries[p], keys, values, p, head, window, mixed);
    out.push_back(linear(block + "attn_output.weight", mixed));
  }
  return out;
}

void ReferenceForward::feed_forward(const std::string& block, Vector& x) const {
  const Vector h = norm(block + "ffn_norm.weight", x);
  Vector gate = linear(block + "ffn_gate.weight", h);
  const Vector up = linear(block + "ffn_up.weight", h);
  for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
  const Vector down = linear(block + "ffn_down.weight", gate);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += down[i];
}

std::vector<std::vector<double>> ReferenceForward::run(const std::vector<Token>& tokens, Window window) const {
  const Vector& embedding = tensors_.at("token_embd.weight");
  const std::size_t width = config_.width;
  std::vector<Vector> x;
  for (const Token token : tokens) {
    const auto row = embedding.begin() + static_cast<std::ptrdiff_t>(token * width);
    x.emplace_back(row, row + static_cast<std::ptrdiff_t>(width));
  }
  for (std::uint32_t layer = 0; layer < config_.layers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    const std::vector<Vector> mixed = attention(block, x, window);
    for (std::size_t p = 0; p < x.size(); ++p) {
      for (std::size_t i = 0; i < width; ++i) x[p][i] += mixed[p][i];
      feed_forward(block, x[p]);
    }
  }
  const std::string output = tensors_.contains("output.weight") ? "output.weight" : "token_embd.weight";
  for (Vector& row : x) {
    row = linear(output, norm("output_norm.weight", row));
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (double& z : row) sum += z = std::exp(z - top);
    for (double& z : row) z /= sum;
  }
  return x;
}

double divergence(const std::vector<double>& probabilities, const NextToken& next) {
  double bits = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const double coded = static_cast<double>(next.freqs[i]) / static_cast<double>(next.total);
    if (probabilities[i] > 0) bits += probabilities[i] * std::log2(probabilities[i] / coded);
  }
  return bits;
}

}  // namespace koan
