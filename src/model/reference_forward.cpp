#include "model/reference_forward.h"

#include <algorithm>
#include <cmath>

#include "model/config.h"
#include "model/test_models.h"

namespace koan {

ReferenceForward::ReferenceForward(const GgufFile& file, std::set<std::string> without)
    : config_(read_config(file).value()), metadata_(file.metadata), without_(std::move(without)) {
  for (const GgufTensor& tensor : file.tensors) tensors_[tensor.name] = dequantise(tensor);
  config_.vocabulary = static_cast<std::uint32_t>(file.find("token_embd.weight")->shape[1]);
  gemma2_ = config_.architecture == "gemma2";
  gemma3_ = config_.architecture == "gemma3";
  gemma_ = config_.architecture == "gemma" || gemma2_ || gemma3_;
  const double usual = 1 / std::sqrt(static_cast<double>(config_.head_dim));
  score_scale_ = does("score_scale") ? number("attention.scale", usual) : usual;
  attention_cap_ = does("attention_cap") ? number("attn_logit_softcapping", gemma2_ ? 50 : 0) : 0;
  output_cap_ = does("output_cap") ? number("final_logit_softcapping", gemma2_ ? 30 : 0) : 0;
  sliding_window_ = does("local_window") ? number("attention.sliding_window", gemma2_ ? 4096 : 0) : 0;
}

double ReferenceForward::number(const std::string& key, double fallback) const {
  const auto found = metadata_.find(config_.architecture + "." + key);
  if (found == metadata_.end()) return fallback;
  if (const auto* u = std::get_if<std::uint64_t>(&found->second)) return static_cast<double>(*u);
  return std::get<double>(found->second);
}

bool ReferenceForward::is_local(std::uint32_t layer) const {
  const auto found = metadata_.find(config_.architecture + ".attention.sliding_window_pattern");
  if (found != metadata_.end()) {
    if (const auto* flags = std::get_if<std::vector<std::int64_t>>(&found->second)) return (*flags)[layer] != 0;
    const std::uint64_t n = std::get<std::uint64_t>(found->second);
    return (layer + 1) % n != 0;
  }
  if (gemma2_) return layer % 2 == 0;
  if (gemma3_) return layer % 6 != 5;
  return config_.architecture != "gemma";
}

Window ReferenceForward::window_of(std::uint32_t layer, Window window) const {
  if (sliding_window_ == 0 || !is_local(layer) || sliding_window_ > window.size) return window;
  return {static_cast<std::uint32_t>(sliding_window_), 0};
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
  if (!tensors_.contains(name) || !does("head_norms")) return;
  for (std::size_t h = 0; h < heads.size(); h += config_.head_dim) {
    const auto from = heads.begin() + static_cast<std::ptrdiff_t>(h);
    const Vector one = norm(name, Vector(from, from + config_.head_dim));
    std::copy(one.begin(), one.end(), from);
  }
}

void ReferenceForward::add_bias(const std::string& name, Vector& to) const {
  if (!tensors_.contains(name) || !does("bias")) return;
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += tensors_.at(name)[i];
}

void ReferenceForward::rotate(Vector& heads, double position, std::uint32_t layer) const {
  const std::size_t d = config_.head_dim;
  const bool neighbours = config_.architecture == "llama";
  const bool apart = gemma3_ && sliding_window_ != 0 && is_local(layer) && does("local_base");
  double base = number("rope.freq_base", 10000);
  if (apart) base = number("rope.freq_base_swa", 10000);
  const double factor = apart || !does("rope_factor") ? 1 : number("rope.scaling.factor", 1);
  const auto divisors = tensors_.find("rope_freqs.weight");
  for (std::size_t h = 0; h < heads.size(); h += d) {
    for (std::size_t i = 0; i < d / 2; ++i) {
      double frequency = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(d)) / factor;
      if (divisors != tensors_.end() && does("divisors")) frequency /= divisors->second[i];
      const double angle = position * frequency;
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
    score *= score_scale_;
    if (attention_cap_ != 0) score = attention_cap_ * std::tanh(score / attention_cap_);
    weights[j] = std::exp(score);
    sum += weights[j];
  }
  for (std::size_t j = 0; j <= p; ++j) {
    for (std::size_t i = 0; i < d; ++i) out[head * d + i] += weights[j] / sum * values[j][kv * d + i];
  }
}

std::vector<ReferenceForward::Vector> ReferenceForward::attention(std::uint32_t layer, const std::vector<Vector>& x,
                                                                  Window window) const {
  const std::string block = "blk." + std::to_string(layer) + ".";
  std::vector<Vector> queries, far_queries, keys, values, out;
  for (std::size_t p = 0; p < x.size(); ++p) {
    const Vector h = norm(block + "attn_norm.weight", x[p]);
    queries.push_back(linear(block + "attn_q.weight", h));
    keys.push_back(linear(block + "attn_k.weight", h));
    values.push_back(linear(block + "attn_v.weight", h));
    add_bias(block + "attn_q.bias", queries[p]);
    add_bias(block + "attn_k.bias", keys[p]);
    add_bias(block + "attn_v.bias", values[p]);
    norm_heads(block + "attn_q_norm.weight", queries[p]);
    norm_heads(block + "attn_k_norm.weight", keys[p]);
    far_queries.push_back(queries[p]);
    rotate(queries[p], static_cast<double>(p), layer);
    rotate(keys[p], static_cast<double>(p), layer);
    rotate(far_queries[p], static_cast<double>(std::min<std::size_t>(p, window.size + window.sinks - 1)), layer);
    Vector mixed(queries[p].size());
    for (std::size_t head = 0; head < config_.heads; ++head)
      mix(queries[p], far_queries[p], keys, values, p, head, window, mixed);
    out.push_back(linear(block + "attn_output.weight", mixed));
    const std::string post = block + "post_attention_norm.weight";
    if (tensors_.contains(post) && does("post_norms")) out.back() = norm(post, out.back());
  }
  return out;
}

ReferenceForward::Vector ReferenceForward::feed_forward(const std::string& block, const Vector& x) const {
  const Vector h = norm(block + "ffn_norm.weight", x);
  Vector gate = linear(block + "ffn_gate.weight", h);
  const Vector up = linear(block + "ffn_up.weight", h);
  for (std::size_t i = 0; i < gate.size(); ++i) {
    const double g = gate[i];
    const double inner = std::sqrt(2 / std::acos(-1.0)) * (g + 0.044715 * g * g * g);
    gate[i] = (gemma_ && does("gelu") ? 0.5 * g * (1 + std::tanh(inner)) : g / (1 + std::exp(-g))) * up[i];
  }
  const Vector down = linear(block + "ffn_down.weight", gate);
  const std::string post = block + "post_ffw_norm.weight";
  return tensors_.contains(post) && does("post_norms") ? norm(post, down) : down;
}

std::vector<std::vector<double>> ReferenceForward::run(const std::vector<Token>& tokens, Window window) const {
  const Vector& embedding = tensors_.at("token_embd.weight");
  const std::size_t width = config_.width;
  std::vector<Vector> x;
  for (const Token token : tokens) {
    const auto row = embedding.begin() + static_cast<std::ptrdiff_t>(token * width);
    x.emplace_back(row, row + static_cast<std::ptrdiff_t>(width));
    if (!gemma_ || !does("embedding_scale")) continue;
    for (double& value : x.back()) value *= std::sqrt(static_cast<double>(width));
  }
  for (std::uint32_t layer = 0; layer < config_.layers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    const std::vector<Vector> mixed = attention(layer, x, window_of(layer, window));
    for (std::size_t p = 0; p < x.size(); ++p) {
      for (std::size_t i = 0; i < width; ++i) x[p][i] += mixed[p][i];
      const Vector more = feed_forward(block, x[p]);
      for (std::size_t i = 0; i < width; ++i) x[p][i] += more[i];
    }
  }
  const std::string output = tensors_.contains("output.weight") ? "output.weight" : "token_embd.weight";
  for (Vector& row : x) {
    row = linear(output, norm("output_norm.weight", row));
    if (output_cap_ != 0) {
      for (double& z : row) z = output_cap_ * std::tanh(z / output_cap_);
    }
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

double divergence(const std::vector<double>& probabilities, const std::vector<double>& others) {
  double bits = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] > 0) bits += probabilities[i] * std::log2(probabilities[i] / others[i]);
  }
  return bits;
}

}  // namespace koan
