#include "vocabulary_mixture.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "predict/hash.h"

namespace koan {
namespace {

constexpr float kBiasRate = 0.15f, kMostBias = 50;
constexpr double kCacheGrowth = 1.01;              // per token: the cache remembers about a hundred
constexpr float kDecay = 0.97f, kDiscount = 0.1f;  // of counts: when another token came; when predicting
constexpr std::uint32_t kLeastMatch = 3, kMaxMisses = 8;

// Fine near 0 and 1, where it matters.
std::uint32_t step_of(double p) {
  constexpr std::array<double, kSteps - 1> kBounds{.0003, .003, .02, .06, .15, .3, .5, .7, .85, .94, .98, .995, .999};
  return static_cast<std::uint32_t>(std::upper_bound(kBounds.begin(), kBounds.end(), p) - kBounds.begin());
}

std::uint32_t log2_step(double x, std::uint32_t most) {
  return std::min(most, static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint32_t>(x) | 1u)) - 1);
}

float sum_of(const std::vector<float>& values) {  // sixteen lanes, so that it vectorises without fast-math
  std::array<float, 16> lanes{};
  std::size_t i = 0;
  for (; i + 16 <= values.size(); i += 16)
    for (std::size_t l = 0; l < 16; ++l) lanes[l] += values[i + l];
  for (; i < values.size(); ++i) lanes[0] += values[i];
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

float counted(const Successor& s) { return s.count - kDiscount; }

}  // namespace

Gates::Gates() {
  for (std::size_t t = 0; t < kTables; ++t) tables[t].assign(kTableSize[t] * kExperts, 0);
  tables[kTables - 1][kModel] = 3;
}

LinearMixture::LinearMixture(const Tokenizer& tokenizer, Gates& gates)
    : tokenizer_(tokenizer),
      gates_(gates),
      model_(tokenizer.size()),
      biased_(tokenizer.size()),
      cache_(tokenizer.size()),
      bias_(tokenizer.size(), 1.0f),
      mixed_(tokenizer.size()) {
  find_contexts();
}

void LinearMixture::turn_on(std::size_t expert, std::uint32_t own, std::uint32_t agreement) {
  const std::uint32_t match = match_ == 0 ? 0 : 1 + log2_step(match_length_, 6);
  const std::uint32_t context = (longest_ * kSteps + certainty_) * 8 + match;
  const std::uint32_t last = bytes_.empty() ? 256 : static_cast<std::uint8_t>(bytes_.back());
  const std::array<std::uint32_t, kTables> chosen{own, agreement, context, last, 0};
  Expert& e = experts_[expert];
  e.on = true;
  for (std::size_t t = 0; t < kTables; ++t) e.gate[t] = expert * kTableSize[t] + chosen[t];
}

void LinearMixture::ask_context(std::size_t expert, const std::vector<Successor>& successors) {
  double n = 0, sum = 0, known = 0;
  const Successor* top = &successors[0];
  for (const Successor& s : successors) {
    n += s.count;
    sum += counted(s);
    known += model_[s.token];
    if (s.count > top->count) top = &s;
  }
  const double share = top->count / n;
  const std::uint32_t certain = share < .5 ? 0 : share < .9 ? 1 : 2;
  const auto distinct = static_cast<std::uint32_t>(std::min<std::size_t>(successors.size(), 9));
  turn_on(expert, ((log2_step(n * 2, 7) * 10 + distinct) * 3 + certain) * 4 + log2_step(top->count, 3),
          (step_of(model_[top->token]) * kSteps + step_of(known)) * 3 + certain);
  experts_[expert].successors = &successors;
  experts_[expert].scale = 1 / sum;
}

Frequencies LinearMixture::predict(const Frequencies& next) {
  const float scale = 1.0f / static_cast<float>(next.total);
  for (std::size_t t = 0; t < model_.size(); ++t) model_[t] = static_cast<float>(next.freqs[t]) * scale;
  for (std::size_t t = 0; t < model_.size(); ++t) biased_[t] = model_[t] * bias_[t];
  certainty_ = step_of(*std::max_element(next.freqs.begin(), next.freqs.end()) * static_cast<double>(scale));
  std::array<const std::vector<Successor>*, kContexts> found{};
  longest_ = 0;
  for (std::size_t c = 0; c < kContexts; ++c) {
    const auto it = contexts_[c].find(keys_[c]);
    if (it == contexts_[c].end()) continue;
    found[c] = &it->second;
    if (c < 5) longest_ = static_cast<std::uint32_t>(c) + 1;
  }
  experts_.fill({});
  turn_on(kModel, certainty_, 0);
  turn_on(kBiased, certainty_ * 8 + log2_step(static_cast<double>(tokens_.size() / 64 + 1), 7), 0);
  experts_[kBiased].scale = 1.0 / sum_of(biased_);
  if (cache_sum_ > 0) {
    turn_on(kCache, certainty_ * 8 + log2_step(static_cast<double>(tokens_.size() / 32 + 1), 7), 0);
    experts_[kCache].scale = 1 / cache_sum_;
  }
  if (match_ != 0) {
    const std::uint32_t length = match_length_ < 16 ? match_length_ : 12 + log2_step(match_length_, 7);
    turn_on(kMatch, length * 4 + std::min(misses_, 3u), step_of(model_[tokens_[match_]]));
  }
  for (std::size_t c = 0; c < kContexts; ++c)
    if (found[c] != nullptr) ask_context(kFirstContext + c, *found[c]);
  weigh();
  mix(next);
  std::uint32_t total = 0;
  for (const std::uint32_t f : mixed_) total += f;
  return {mixed_, total};
}

void LinearMixture::weigh() {
  double sum = 0;
  for (Expert& e : experts_) {
    if (!e.on) continue;
    double logit = 0;
    for (std::size_t t = 0; t < kTables; ++t) logit += static_cast<double>(gates_.tables[t][e.gate[t]]);
    sum += e.weight = std::exp(logit);
  }
  for (Expert& e : experts_) e.weight /= sum;
}

// Whole frequencies: what a coder would need, so that times compare and the code lengths are of a real distribution.
void LinearMixture::mix(const Frequencies& next) {
  constexpr double kUnit = 1 << 30;
  const auto by_model = static_cast<float>(experts_[kModel].weight * kUnit);
  const auto by_biased = static_cast<float>(experts_[kBiased].weight * experts_[kBiased].scale * kUnit);
  const auto by_cache = static_cast<float>(experts_[kCache].weight * experts_[kCache].scale * kUnit);
  for (std::size_t t = 0; t < mixed_.size(); ++t) {
    const float f = by_model * model_[t] + by_biased * biased_[t] + by_cache * cache_[t];
    mixed_[t] = static_cast<std::uint32_t>(static_cast<std::int32_t>(f)) + (next.freqs[t] != 0);
  }
  if (experts_[kMatch].on) mixed_[tokens_[match_]] += static_cast<std::uint32_t>(experts_[kMatch].weight * kUnit);
  for (const Expert& e : experts_) {
    if (e.successors == nullptr) continue;
    const double scale = e.weight * e.scale * kUnit;
    for (const Successor& s : *e.successors) mixed_[s.token] += static_cast<std::uint32_t>(counted(s) * scale);
  }
}

double LinearMixture::probability(std::size_t expert, Token token) const {
  const Expert& e = experts_[expert];
  if (expert == kModel) return model_[token];
  if (expert == kBiased) return biased_[token] * e.scale;
  if (expert == kCache) return cache_[token] * e.scale;
  if (expert == kMatch) return tokens_[match_] == token ? 1 : 0;
  for (const Successor& s : *e.successors)
    if (s.token == token) return counted(s) * e.scale;
  return 0;
}

void LinearMixture::update(Token token) {
  std::array<double, kExperts> part{};
  double sum = 0;
  for (std::size_t i = 0; i < kExperts; ++i)
    if (experts_[i].on) sum += part[i] = experts_[i].weight * probability(i, token);
  for (std::size_t i = 0; i < kExperts; ++i) {
    const Expert& e = experts_[i];
    const double step = gates_.rate * (part[i] / sum - e.weight);
    for (std::size_t t = 0; e.on && t < kTables; ++t) gates_.tables[t][e.gate[t]] += static_cast<float>(step);
  }
  learn_bias(token);
  for (std::size_t c = 0; c < kContexts; ++c) {
    std::vector<Successor>& successors = contexts_[c][keys_[c]];
    bool known = false;
    for (Successor& s : successors) {
      known |= s.token == token;
      s.count = s.token == token ? s.count + 1 : std::max(s.count * kDecay, 2 * kDiscount);
    }
    if (!known) successors.push_back({token, 1});
  }
  follow_match(token);
  find_contexts();
}

void LinearMixture::learn_bias(Token token) {
  const auto scale = static_cast<float>(experts_[kBiased].scale);
  for (std::size_t t = 0; t < bias_.size(); ++t)
    if (biased_[t] * scale > 1e-3f) bias_[t] *= std::exp(-kBiasRate * biased_[t] * scale);
  bias_[token] = std::min(bias_[token] * std::exp(kBiasRate), kMostBias);
  cache_[token] += static_cast<float>(cache_unit_);
  cache_sum_ += cache_unit_;
  cache_unit_ *= kCacheGrowth;
  if (cache_unit_ < 1e6) return;
  for (float& c : cache_) c *= 1e-6f;
  cache_sum_ *= 1e-6;
  cache_unit_ *= 1e-6;
}

void LinearMixture::follow_match(Token token) {
  if (match_ != 0) {
    const bool right = tokens_[match_] == token;
    match_length_ = right ? match_length_ + 1 : 0;
    misses_ = right ? (match_length_ >= 16 ? 0 : misses_) : misses_ + 1;
    match_ = misses_ > kMaxMisses ? 0 : match_ + 1;
  }
  tokens_.push_back(token);
  if (tokens_.size() < kLeastMatch) return;
  std::uint64_t key = 0;
  for (std::size_t i = 1; i <= kLeastMatch; ++i) key = key << 20 | token_back(i);
  const std::size_t candidate = std::exchange(last_at_[key], tokens_.size());
  if (candidate == 0 || (match_ != 0 && match_length_ >= kLeastMatch)) return;
  std::uint32_t length = 0;
  while (length < 300 && length < candidate && tokens_[candidate - 1 - length] == token_back(length + 1) - 1) ++length;
  match_ = candidate;
  match_length_ = length;
  misses_ = 0;
}

void LinearMixture::find_contexts() {
  if (!tokens_.empty()) {
    for (const std::uint8_t byte : tokenizer_.bytes(tokens_.back())) {
      bytes_.push_back(static_cast<char>(byte));
      const std::uint32_t lower = byte >= 'A' && byte <= 'Z' ? byte + 32u : byte;
      if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower >= 128) {
        word_ = hash_pair(word_, lower);
        continue;
      }
      if (word_ != 0) word_before_ = word_;
      word_ = byte == ' ' ? 0 : hash_pair(0, byte);
    }
  }
  const auto both = [](std::uint64_t a, std::uint64_t b) {
    const std::uint64_t h = (a + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u ^ (b + 1) * 0x94D049BB133111EBu;
    return h ^ h >> 29;
  };
  std::uint64_t tokens = 0, bytes = 0;
  constexpr std::array<std::size_t, 7> kByOrder{0, 0, 1, 2, 3, 3, 4};
  for (std::size_t order = 1; order <= 6; ++order) {
    tokens = both(tokens, token_back(order));
    if (order != 5) keys_[kByOrder[order]] = tokens;
  }
  keys_[5] = both(token_back(2), token_back(3));
  keys_[6] = both(word_, word_before_);
  for (std::size_t i = 1; i <= 8; ++i) {
    bytes = both(bytes, i <= bytes_.size() ? static_cast<std::uint8_t>(bytes_[bytes_.size() - i]) : 256);
    if (i == 3 || i == 5 || i == 8) keys_[6 + (i + 1) / 3] = bytes;
  }
}

}  // namespace koan
