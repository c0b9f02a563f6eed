// The choice of the next token from exact frequencies, in integers only: one seed gives one text on every machine.
// Order, as in llama.cpp: top-k, top-p, min-p on the model's own distribution, then temperature over what is left.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/streams.h"

namespace koan {

inline constexpr std::uint32_t kOne = 1u << 16;  // 1.0 of the fractions below

// To the nearest 2^-16; a value above 0 does not become 0, which means something else. 0 <= x <= 65535.
std::uint32_t to_fraction(double x) noexcept;

struct Sampling {
  std::uint32_t temperature = kOne;  // 16.16; 0: the most probable token, whatever the rest says
  std::uint32_t top_k = 0;           // keep the k most probable; 0: all
  std::uint32_t top_p = kOne;        // keep the fewest whose probabilities reach this, 16.16
  std::uint32_t min_p = 0;           // keep those at least this fraction of the most probable, 16.16
};

class Sampler {
 public:
  Sampler(const Sampling& sampling, std::uint64_t seed) : sampling_(sampling), state_(seed) {}

  // freqs: each >= 0, not all 0; those at 0 are never picked. Ties go to the lower id.
  Token pick(std::span<const std::uint32_t> freqs);

 private:
  struct Candidate {
    std::uint32_t freq;
    Token token;
  };
  void cut(std::uint64_t total);
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound)

  Sampling sampling_;
  std::uint64_t state_;  // of SplitMix64
  std::vector<Candidate> candidates_;
  std::vector<std::uint64_t> weights_;
};

// log2 of x >= 1 with 24 fraction bits, rounded down: bit by bit, by squaring.
std::uint32_t log2_fixed(std::uint32_t x) noexcept;
// 2^-(x / 2^24) with 40 fraction bits; 0 from x = 40 * 2^24 on.
std::uint64_t exp2_fixed(std::uint64_t x) noexcept;

}  // namespace koan
