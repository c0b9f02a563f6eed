// Decisions: the only thing that travels from the far side to the near side (docs/ask_protocol.md, "Bits"), and the
// integer arithmetic behind their frequencies. The same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ask/protocol_data.h"

namespace koan::ask {

using Frequencies = std::vector<std::uint32_t>;  // each >= 1, kCertain together

struct Decision {
  std::string what;   // verdict, select, stop, answer, keep
  std::string about;  // of an answer: the question
  Frequencies predicted, plain;
  std::size_t symbol = 0;
};

enum class Mode { kPredicted, kPlain };

// Bits with 24 fraction bits.
std::uint64_t cost_of(const Frequencies& frequencies, std::size_t symbol) noexcept;
std::uint64_t cost_of(std::span<const Decision> decisions, Mode mode, const ProtocolData& data) noexcept;
// The cheaper one; predicted if equal.
Mode cheaper_mode(std::span<const Decision> decisions, const ProtocolData& data) noexcept;
double to_bits(std::uint64_t cost) noexcept;

// yes / (yes + no) in parts of kCertain, to the nearest, between `floor` and kCertain - floor. One half if both are 0.
std::uint32_t share_of_yes(std::uint64_t yes, std::uint64_t no, std::uint32_t floor) noexcept;

// Symbols of an answer.
inline constexpr std::size_t kYes = 0, kNo = 1, kUnanswered = 2;
Frequencies answer_frequencies(std::uint32_t yes, std::uint32_t unanswered);
// Symbol 0 has `first`, the others share the rest: equally, the earlier ones getting what does not divide.
Frequencies with_first(std::size_t count, std::uint32_t first);
Frequencies equal(std::size_t count);
// Candidates in proportion to `counts`, then none.
Frequencies candidate_frequencies(std::span<const std::uint32_t> counts, std::uint32_t none);

// Attempts as hypotheses: how much is believed in each, and what a question could tell.
class Belief {
 public:
  explicit Belief(std::size_t attempts) : weights_(attempts, kCertain) {}

  // shares[k]: probability of yes if attempt k is right.
  std::uint32_t mean(std::span<const std::uint32_t> shares) const noexcept;
  // Expected information in bits with 24 fraction bits.
  std::uint64_t information(std::span<const std::uint32_t> shares) const noexcept;
  void learn(std::span<const std::uint32_t> shares, bool yes) noexcept;
  std::size_t best() const noexcept;
  const std::vector<std::uint64_t>& weights() const noexcept { return weights_; }

 private:
  std::vector<std::uint64_t> weights_;  // 1..kCertain
};

}  // namespace koan::ask
