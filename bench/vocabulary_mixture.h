// A linear mixture over the whole vocabulary: P(t) = sum of w_i P_i(t), with weights that are a softmax of gates chosen
// by context and learned online by the gradient of the code length. An experiment to compare the built way of mixing
// with (issue 3): floats and hash maps, nothing of it is part of the format.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "codec/token_step.h"

namespace koan {

// Experts: the model; the model with an adaptive bias per token; a cache of recent tokens; the match; then, for each
// context, what followed it before. Contexts: the last 1, 2, 3, 4, 6 tokens; the two before the last; the last two
// words; the last 3, 5, 8 bytes.
inline constexpr std::size_t kContexts = 10;
enum : std::size_t { kModel, kBiased, kCache, kMatch, kFirstContext, kExperts = kFirstContext + kContexts };

inline constexpr std::size_t kSteps = 14, kStepPairs = kSteps * kSteps;  // of a probability

// An expert's logit is the sum of one entry of each table, by: the expert's own evidence; what the model thinks of
// the expert's tokens; longest context, model's certainty and match; last byte; nothing.
inline constexpr std::size_t kTables = 5;
inline constexpr std::array<std::size_t, kTables> kTableSize{960, 3 * kStepPairs, 48 * kSteps, 257, 1};
struct Gates {
  std::array<std::vector<float>, kTables> tables;
  double rate = 0.1;  // of learning
  Gates();
};

struct Successor {
  Token token;
  float count;
};

class LinearMixture {
 public:
  // Both live longer.
  LinearMixture(const Tokenizer& tokenizer, Gates& gates);

  Frequencies predict(const Frequencies& next);
  void update(Token token);  // the one that came after the last predict()

 private:
  struct Expert {
    bool on = false;
    double weight = 0, scale = 0;                        // scale: 1 / sum of what its tokens count
    const std::vector<Successor>* successors = nullptr;  // of a context
    std::array<std::size_t, kTables> gate{};             // table entries in use
  };

  std::uint32_t token_back(std::size_t i) const { return i <= tokens_.size() ? tokens_[tokens_.size() - i] + 1 : 0; }
  void turn_on(std::size_t expert, std::uint32_t own, std::uint32_t agreement);
  void ask_context(std::size_t expert, const std::vector<Successor>& successors);
  void weigh();
  void mix(const Frequencies& next);
  double probability(std::size_t expert, Token token) const;
  void learn_bias(Token token);
  void follow_match(Token token);
  void find_contexts();

  const Tokenizer& tokenizer_;
  Gates& gates_;
  std::vector<float> model_, biased_, cache_, bias_;
  std::vector<std::uint32_t> mixed_;
  double cache_sum_ = 0, cache_unit_ = 1;
  std::vector<Token> tokens_;
  std::string bytes_;
  std::uint32_t word_ = 0, word_before_ = 0;
  std::array<std::unordered_map<std::uint64_t, std::vector<Successor>>, kContexts> contexts_;
  std::array<std::uint64_t, kContexts> keys_{};
  std::unordered_map<std::uint64_t, std::size_t> last_at_;
  std::size_t match_ = 0;
  std::uint32_t match_length_ = 0, misses_ = 0;
  std::array<Expert, kExperts> experts_;
  std::uint32_t certainty_ = 0, longest_ = 0;
};

}  // namespace koan
