#include "codec/token_step.h"

#include <cmath>

namespace koan {
namespace {

constexpr std::uint32_t kFlagTotal = 65536;

// The two sides of a decision in the coder's terms: "yes" first.
SymbolRange flag_range(bool yes, std::uint32_t p) noexcept {
  return yes ? SymbolRange{0, p, kFlagTotal} : SymbolRange{p, kFlagTotal - p, kFlagTotal};
}

double bits(const SymbolRange& s) noexcept { return std::log2(static_cast<double>(s.total) / s.freq); }

}  // namespace

double TokenStep::encode(Frequencies next, Token token, RangeEncoder& coder) {
  std::array<Candidate, kMaxCandidates> candidates;
  const std::size_t n = history_.candidates(candidates);
  double ideal = 0;
  bool hit = false;
  for (std::size_t i = 0; i < n && !hit; ++i) {
    const Token candidate = candidates[i].token;
    const std::uint32_t p = model_.probability(candidates[i], next.freqs[candidate], next.total);
    hit = candidate == token;
    const SymbolRange range = flag_range(hit, p);
    coder.encode(range);
    ideal += bits(range);
    model_.update(hit);
    next.total -= next.freqs[candidate];
    if (!hit) next.freqs[candidate] = 0;
  }
  if (!hit) {
    const SymbolRange range{kernels_->sum(next.freqs.data(), static_cast<std::int32_t>(token)), next.freqs[token],
                            next.total};
    coder.encode(range);
    ideal += bits(range);
  }
  history_.update(token);
  return ideal;
}

Token TokenStep::decode(Frequencies next, RangeDecoder& coder) {
  std::array<Candidate, kMaxCandidates> candidates;
  const std::size_t n = history_.candidates(candidates);
  for (std::size_t i = 0; i < n; ++i) {
    const Token candidate = candidates[i].token;
    const std::uint32_t p = model_.probability(candidates[i], next.freqs[candidate], next.total);
    const bool hit = coder.target(kFlagTotal) < p;
    coder.consume(flag_range(hit, p));
    model_.update(hit);
    if (hit) {
      history_.update(candidate);
      return candidate;
    }
    next.total -= next.freqs[candidate];
    next.freqs[candidate] = 0;
  }
  std::uint32_t start = 0;
  const auto token = static_cast<Token>(kernels_->find(next.freqs.data(), static_cast<std::int32_t>(next.freqs.size()),
                                                       coder.target(next.total), &start));
  coder.consume({start, next.freqs[token], next.total});
  history_.update(token);
  return token;
}

}  // namespace koan
