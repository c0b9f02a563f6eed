// The transformer as a textbook has it, in double and with libm, to hold the exact one against. Shares no arithmetic
// with it: llama's queries and keys are rotated as neighbours, nothing is quantised, nothing is cached.
#pragma once

#include <map>
#include <vector>

#include "formats/gguf.h"
#include "model/model.h"
#include "model/streams.h"

namespace koan {

class ReferenceForward {
 public:
  explicit ReferenceForward(const GgufFile& file);
  // Probabilities of the next token after each of `tokens`.
  std::vector<std::vector<double>> run(const std::vector<Token>& tokens, Window window) const;

 private:
  using Vector = std::vector<double>;
  Vector linear(const std::string& name, const Vector& in) const;
  Vector norm(const std::string& name, const Vector& in) const;
  void norm_heads(const std::string& name, Vector& heads) const;
  void rotate(Vector& heads, double position) const;
  std::vector<Vector> attention(const std::string& block, const std::vector<Vector>& x, Window window) const;
  void feed_forward(const std::string& block, Vector& x) const;
  // Attention of one query head at position p.
  void mix(const Vector& query, const Vector& far_query, const std::vector<Vector>& keys,
           const std::vector<Vector>& values, std::size_t p, std::size_t head, Window window, Vector& out) const;

  ModelConfig config_;
  std::map<std::string, Vector> tensors_;
};

// Kullback-Leibler divergence in bits of integer frequencies from probabilities.
double divergence(const std::vector<double>& probabilities, const NextToken& next);

}  // namespace koan
