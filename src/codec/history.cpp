#include "codec/history.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "codec/history_start.h"

namespace koan {
namespace {

constexpr std::size_t kMatchMin = 4;     // tokens that must agree before a match is followed
constexpr std::uint32_t kMaxMisses = 8;  // in a row, until a match is given up
constexpr std::uint32_t kLongestCounted = 4096;
constexpr std::uint16_t kBitLimit = 1023;
constexpr int kMixerShift = 15;
constexpr std::uint16_t kStartSeen = 30;  // how much evidence the start counts for

std::uint32_t mix_hash(std::uint32_t h, std::uint32_t token) noexcept {
  return (h ^ (token + 0x9E3779B9u + (h << 6) + (h >> 2))) * 0x85EBCA6Bu;
}

std::uint8_t length_bucket(std::uint32_t length) noexcept {
  if (length < 12) return static_cast<std::uint8_t>(length / 2);  // 0..5
  return static_cast<std::uint8_t>(
      std::min<int>(15, 3 + static_cast<int>(std::bit_width(length))));  // 12..15: 7, 16..31: 8, ...
}

}  // namespace

History::History(std::uint64_t text_bytes) {
  // About one token in three bytes; half-empty tables at most 2^18 entries, so that long segments stay small.
  const std::uint64_t want = std::clamp<std::uint64_t>(std::bit_ceil(text_bytes / 2 + 1), 256, std::uint64_t{1} << 18);
  mask_ = static_cast<std::uint32_t>(want - 1);
  for (auto& table : slots_) table.resize(want);
  match_table_.resize(want);
  tokens_.reserve(text_bytes / 3 + 16);
  tokens_.push_back(0xFFFFF);  // position 0 never matches, so that 0 can mean "none"
}

std::uint32_t History::context_hash(std::size_t order) const noexcept {
  std::uint32_t h = static_cast<std::uint32_t>(order) * 0x27D4EB2Fu;
  for (std::size_t i = 0; i < order; ++i) h = mix_hash(h, tokens_[tokens_.size() - 1 - i]);
  return h ^ h >> 15;
}

std::size_t History::candidates(std::array<Candidate, kMaxCandidates>& out) const noexcept {
  std::size_t n = 0;
  const auto offer = [&](Token token, std::uint8_t source, std::uint8_t confidence) {
    for (std::size_t i = 0; i < n; ++i) {
      if (out[i].token == token) return;
    }
    if (n < kMaxCandidates) out[n++] = {token, source, confidence};
  };
  if (match_at_ != 0) offer(tokens_[match_at_], 0, length_bucket(match_length_));
  for (std::size_t k = 0; k < kOrders; ++k) {
    const Slot& slot = slots_[k][hashes_[k] & mask_];
    if (slot.token != 0 && slot.tag == hashes_[k] >> 24) {
      offer(slot.token - 1, static_cast<std::uint8_t>(1 + k), static_cast<std::uint8_t>(slot.count));
    }
  }
  return n;
}

void History::follow_match(Token token) {
  const auto position = static_cast<std::uint32_t>(tokens_.size());
  if (match_at_ != 0) {
    // A wrong token does not end a match at once: edited copies go on after the edit.
    const bool right = tokens_[match_at_] == token;
    match_length_ = right ? std::min(match_length_ + 1, kLongestCounted) : 0;
    match_misses_ = right ? 0 : match_misses_ + 1;
    match_at_ = match_misses_ > kMaxMisses ? 0 : match_at_ + 1;
  }
  if (position <= kMatchMin) return;
  std::uint32_t& entry = match_table_[context_hash(kMatchMin) & mask_];
  if ((match_at_ == 0 || match_length_ < kMatchMin) && entry != 0) {
    std::uint32_t length = 0;
    while (length < kLongestCounted && length + 1 < entry &&
           tokens_[entry - 1 - length] == tokens_[position - 1 - length])
      ++length;
    if (length >= kMatchMin) {
      match_at_ = entry;
      match_length_ = length;
      match_misses_ = 0;
    }
  }
  entry = position;
}

void History::update(Token token) {
  for (std::size_t k = 0; k < kOrders; ++k) {
    Slot& slot = slots_[k][hashes_[k] & mask_];
    const std::uint32_t tag = hashes_[k] >> 24;
    if (slot.token == token + 1 && slot.tag == tag) {
      if (slot.count < 15) slot.count = slot.count + 1;
    } else if (slot.token != 0 && slot.tag == tag && slot.count > 1) {
      slot.count = slot.count / 2;
    } else {
      slot.token = token + 1;
      slot.tag = tag;
      slot.count = 0;
    }
  }
  tokens_.push_back(token);
  follow_match(token);
  for (std::size_t k = 0; k < kOrders; ++k) {
    const std::size_t order = kOrders - k;
    hashes_[k] = tokens_.size() > order ? context_hash(order) : 0;
  }
}

CandidateModel::CandidateModel() {
  for (std::size_t i = 0; i < by_confidence_.size(); ++i) {
    by_confidence_[i] = {kStartByConfidence[i], kStartSeen};
    std::copy(std::begin(kStartWeights[i]), std::end(kStartWeights[i]), mixers_[i].weights.begin());
  }
  for (std::size_t i = 0; i < by_both_.size(); ++i) {
    const auto step = static_cast<std::int32_t>(i % kModelSteps);
    const std::int32_t centre = step * 2 * kStretchLimit / static_cast<std::int32_t>(kModelSteps - 1) - kStretchLimit;
    by_both_[i] = kStartByBoth[i] != 0 ? AdaptiveBit{kStartByBoth[i], kStartSeen}
                                       : AdaptiveBit{static_cast<std::uint16_t>(squash(centre)), 0};
  }
}

std::uint32_t CandidateModel::probability(const Candidate& candidate, std::uint32_t freq,
                                          std::uint32_t total) noexcept {
  const auto p = static_cast<std::uint32_t>((static_cast<std::uint64_t>(freq) << 16) / total);
  const std::int32_t model = stretch(std::clamp<std::uint32_t>(p, 1, 65535));
  const auto step = static_cast<std::size_t>((model + kStretchLimit) * static_cast<std::int32_t>(kModelSteps - 1) /
                                             (2 * kStretchLimit));
  const std::size_t context = candidate.source * kConfidences + candidate.confidence;
  bit_a_ = &by_confidence_[context];
  bit_b_ = &by_both_[context * kModelSteps + step];
  mixer_ = &mixers_[context];
  inputs_ = {model, stretch(bit_a_->p16), stretch(bit_b_->p16), 256};
  predicted_ = squash(mixer_->mix(inputs_));
  return predicted_;
}

void CandidateModel::update(bool hit) noexcept {
  mixer_->update(inputs_, (hit ? 65535 : 0) - static_cast<std::int32_t>(predicted_), kMixerShift);
  bit_a_->update(hit, kBitLimit);
  bit_b_->update(hit, kBitLimit);
}

}  // namespace koan
