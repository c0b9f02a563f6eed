// The transformer as a textbook has it, in double and with libm, to hold the exact one against. Shares no arithmetic
// with it: llama's queries and keys are rotated as neighbours, nothing is quantised, nothing is cached. What an
// architecture does is written here a second time.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "formats/gguf.h"
#include "model/model.h"
#include "model/streams.h"

namespace koan {

class ReferenceForward {
 public:
  // `without`: operations that are left out, so that a test can show that they matter: "bias", "head_norms", "gelu",
  // "post_norms", "embedding_scale", "score_scale", "attention_cap", "output_cap", "divisors", "rope_factor",
  // "local_window", "local_base".
  explicit ReferenceForward(const GgufFile& file, std::set<std::string> without = {});
  // Probabilities of the next token after each of `tokens`.
  std::vector<std::vector<double>> run(const std::vector<Token>& tokens, Window window) const;

 private:
  using Vector = std::vector<double>;
  bool does(const std::string& operation) const { return !without_.contains(operation); }
  double number(const std::string& key, double fallback) const;
  bool is_local(std::uint32_t layer) const;
  Window window_of(std::uint32_t layer, Window window) const;
  Vector linear(const std::string& name, const Vector& in) const;
  Vector norm(const std::string& name, const Vector& in) const;
  void norm_heads(const std::string& name, Vector& heads) const;
  void add_bias(const std::string& name, Vector& to) const;
  void rotate(Vector& heads, double position, std::uint32_t layer) const;
  std::vector<Vector> attention(std::uint32_t layer, const std::vector<Vector>& x, Window window) const;
  Vector feed_forward(const std::string& block, const Vector& x) const;
  // Attention of one query head at position p.
  void mix(const Vector& query, const Vector& far_query, const std::vector<Vector>& keys,
           const std::vector<Vector>& values, std::size_t p, std::size_t head, Window window, Vector& out) const;

  ModelConfig config_;  // sizes alone are used
  std::map<std::string, GgufValue> metadata_;
  std::map<std::string, Vector> tensors_;
  std::set<std::string> without_;
  bool gemma_, gemma2_, gemma3_;
  double score_scale_, attention_cap_, output_cap_, sliding_window_;
};

// Kullback-Leibler divergence in bits of integer frequencies from probabilities.
double divergence(const std::vector<double>& probabilities, const NextToken& next);
// The same of other probabilities.
double divergence(const std::vector<double>& probabilities, const std::vector<double>& others);

}  // namespace koan
