#include "ask/decision.h"

#include <algorithm>

#include "chat/sampler.h"

namespace koan::ask {
namespace {

constexpr std::uint64_t kLog2Certain = std::uint64_t{16} << 24;

// -log2(part / kCertain), part in 1..kCertain; at most 16 * 2^24.
std::uint64_t surprise(std::uint32_t part) noexcept { return kLog2Certain - log2_fixed(part); }

// Of a probability in 1..kCertain-1 parts. Below 2^16 * 2^28.
std::uint64_t entropy(std::uint32_t share) noexcept {
  return (share * surprise(share) + (kCertain - share) * surprise(kCertain - share)) / kCertain;
}

const Frequencies& of_mode(const Decision& decision, Mode mode) noexcept {
  return mode == Mode::kPredicted ? decision.predicted : decision.plain;
}

}  // namespace

std::uint64_t cost_of(const Frequencies& frequencies, std::size_t symbol) noexcept {
  return surprise(frequencies[symbol]);
}

std::uint64_t cost_of(std::span<const Decision> decisions, Mode mode, const ProtocolData& data) noexcept {
  if (decisions.empty()) return 0;
  std::uint64_t out = surprise(mode == Mode::kPredicted ? data.mode : kCertain - data.mode);
  for (const Decision& decision : decisions) out += cost_of(of_mode(decision, mode), decision.symbol);
  return out;
}

Mode cheaper_mode(std::span<const Decision> decisions, const ProtocolData& data) noexcept {
  return cost_of(decisions, Mode::kPredicted, data) <= cost_of(decisions, Mode::kPlain, data) ? Mode::kPredicted
                                                                                              : Mode::kPlain;
}

double to_bits(std::uint64_t cost) noexcept { return static_cast<double>(cost) / (1u << 24); }

std::uint32_t share_of_yes(std::uint64_t yes, std::uint64_t no, std::uint32_t floor) noexcept {
  // Weights have at most 40 bits (exp2_fixed) or 32 (frequencies).
  const std::uint64_t sum = yes + no;
  if (sum == 0) return kCertain / 2;
  return std::clamp(static_cast<std::uint32_t>((yes * kCertain + sum / 2) / sum), floor, kCertain - floor);
}

Frequencies answer_frequencies(std::uint32_t yes, std::uint32_t unanswered) {
  const std::uint32_t rest = kCertain - unanswered;
  const auto part = static_cast<std::uint32_t>((std::uint64_t{yes} * rest + kCertain / 2) / kCertain);
  const std::uint32_t share = std::clamp(part, 1u, rest - 1);
  return {share, rest - share, unanswered};
}

Frequencies with_first(std::size_t count, std::uint32_t first) {
  if (count < 2) return {kCertain};
  const std::size_t others = count - 1;
  Frequencies out = {first};
  for (std::size_t i = 0; i < others; ++i)
    out.push_back(static_cast<std::uint32_t>((kCertain - first) / others + (i < (kCertain - first) % others ? 1 : 0)));
  return out;
}

Frequencies equal(std::size_t count) {
  Frequencies out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(static_cast<std::uint32_t>(kCertain / count + (i < kCertain % count ? 1 : 0)));
  return out;
}

Frequencies candidate_frequencies(std::span<const std::uint32_t> counts, std::uint32_t none) {
  std::uint64_t total = 0;
  for (const std::uint32_t count : counts) total += count;
  Frequencies out;
  std::uint32_t left = kCertain - none;
  for (const std::uint32_t count : counts) {
    const auto part = static_cast<std::uint32_t>(count * std::uint64_t{kCertain - none} / total);
    out.push_back(std::max(part, 1u));
    left -= out.back();
  }
  // At least as many parts as there are candidates are rounded down, so `left` is not negative.
  out[0] += left;
  out.push_back(none);
  return out;
}

std::uint32_t Belief::mean(std::span<const std::uint32_t> shares) const noexcept {
  std::uint64_t sum = 0, total = 0;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    sum += weights_[k] * shares[k];
    total += weights_[k];
  }
  return std::clamp(static_cast<std::uint32_t>((sum + total / 2) / total), 1u, kCertain - 1);
}

std::uint64_t Belief::information(std::span<const std::uint32_t> shares) const noexcept {
  std::uint64_t inside = 0, total = 0;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    inside += weights_[k] * entropy(shares[k]);  // below 64 * 2^16 * 2^25
    total += weights_[k];
  }
  const std::uint64_t outside = entropy(mean(shares)), expected = inside / total;
  return outside > expected ? outside - expected : 0;  // rounding can make the difference negative
}

void Belief::learn(std::span<const std::uint32_t> shares, bool yes) noexcept {
  std::uint64_t largest = 0;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    weights_[k] *= yes ? shares[k] : kCertain - shares[k];  // at most 2^32
    largest = std::max(largest, weights_[k]);
  }
  for (std::uint64_t& weight : weights_) weight = std::max<std::uint64_t>(weight * kCertain / largest, 1);
}

std::size_t Belief::best() const noexcept {
  return static_cast<std::size_t>(std::max_element(weights_.begin(), weights_.end()) - weights_.begin());
}

}  // namespace koan::ask
