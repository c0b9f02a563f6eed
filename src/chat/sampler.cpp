#include "chat/sampler.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/split_mix.h"

namespace koan {
namespace {

constexpr unsigned kLogBits = 24;
constexpr unsigned kWeightBits = 40;

constexpr std::uint64_t integer_root(unsigned __int128 x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 63; bit != 0; bit >>= 1)
    if (static_cast<unsigned __int128>(root | bit) * (root | bit) <= x) root |= bit;
  return root;
}

// 2^-(2^-k) for k = 1..24 with 63 fraction bits: each is the root of the one before.
constexpr std::array<std::uint64_t, kLogBits> kRoots = [] {
  std::array<std::uint64_t, kLogBits> out{};
  std::uint64_t value = std::uint64_t{1} << 62;  // 2^-1
  for (std::uint64_t& root : out) {
    value = integer_root(static_cast<unsigned __int128>(value) << 63);
    root = value;
  }
  return out;
}();

}  // namespace

std::uint32_t to_fraction(double x) noexcept {
  const auto fixed = static_cast<std::uint32_t>(x * kOne + 0.5);
  return x > 0 && fixed == 0 ? 1 : fixed;
}

std::uint32_t log2_fixed(std::uint32_t x) noexcept {
  const auto whole = static_cast<std::uint32_t>(std::bit_width(x) - 1);
  std::uint64_t mantissa = std::uint64_t{x} << (31 - whole);  // in [2^31, 2^32): 1.0 to 2.0
  std::uint32_t fraction = 0;
  for (unsigned i = 0; i < kLogBits; ++i) {
    mantissa = (mantissa * mantissa) >> 31;  // below 2^33
    fraction <<= 1;
    if (mantissa >> 32) {
      mantissa >>= 1;
      fraction |= 1;
    }
  }
  return (whole << kLogBits) | fraction;
}

std::uint64_t exp2_fixed(std::uint64_t x) noexcept {
  const std::uint64_t whole = x >> kLogBits;
  if (whole >= kWeightBits) return 0;
  std::uint64_t value = std::uint64_t{1} << 63;
  for (unsigned k = 0; k < kLogBits; ++k) {
    if ((x >> (kLogBits - 1 - k)) & 1)
      value = static_cast<std::uint64_t>((static_cast<unsigned __int128>(value) * kRoots[k]) >> 63);
  }
  return value >> (63 - kWeightBits + whole);
}

std::uint64_t Sampler::below(std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(split_mix(state_)) * bound) >> 64);
}

// candidates_ in the order of falling frequency, cut to what top-k, top-p and min-p leave; never to nothing.
void Sampler::cut(std::uint64_t total) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.freq != b.freq ? a.freq > b.freq : a.token < b.token;
  };
  if (sampling_.top_k != 0 && sampling_.top_k < candidates_.size()) {
    std::nth_element(candidates_.begin(), candidates_.begin() + sampling_.top_k, candidates_.end(), before);
    candidates_.resize(sampling_.top_k);
  }
  std::sort(candidates_.begin(), candidates_.end(), before);
  std::size_t keep = candidates_.size();
  if (sampling_.top_p < kOne) {
    std::uint64_t sum = 0;
    for (keep = 0; keep < candidates_.size() && (keep == 0 || sum << 16 < total * sampling_.top_p); ++keep)
      sum += candidates_[keep].freq;
  }
  const std::uint64_t least = std::uint64_t{candidates_[0].freq} * sampling_.min_p;
  while (keep > 1 && std::uint64_t{candidates_[keep - 1].freq} << 16 < least) --keep;
  candidates_.resize(keep);
}

Token Sampler::pick(std::span<const std::uint32_t> freqs) {
  const auto best = std::max_element(freqs.begin(), freqs.end());  // the first of equals
  if (sampling_.temperature == 0) return static_cast<Token>(best - freqs.begin());
  candidates_.clear();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < freqs.size(); ++i) {
    if (freqs[i] != 0) candidates_.push_back({freqs[i], static_cast<Token>(i)});
    total += freqs[i];
  }
  if (sampling_.top_k != 0 || sampling_.top_p < kOne || sampling_.min_p != 0) cut(total);
  weights_.clear();
  std::uint64_t sum = 0;
  const std::uint64_t top = log2_fixed(*best);
  for (const Candidate& c : candidates_) {
    // At temperature 1 the frequencies themselves.
    const std::uint64_t weight =
        sampling_.temperature == kOne ? c.freq : exp2_fixed(((top - log2_fixed(c.freq)) << 16) / sampling_.temperature);
    weights_.push_back(weight);
    sum += weight;  // at most 2^18 * 2^40
  }
  std::uint64_t target = below(sum);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (target < weights_[i]) return candidates_[i].token;
    target -= weights_[i];
  }
  return candidates_.back().token;  // not reached: target < sum
}

}  // namespace koan
