#include "predict/contexts.h"

#include "predict/hash.h"

namespace koan {
namespace {

constexpr ContextSet kTokenSet{8,
                               {kPredictBytes, kPredictBytes, kPredictWords, kPredictTokens, kPredictTokens,
                                kPredictTokens, kPredictTokens, kPredictWords}};
constexpr ContextSet kByteSet{
    12,
    {kPredictBytes, kPredictBytes, kPredictBytes, kPredictBytes, kPredictBytes, kPredictBytes, kPredictWords,
     kPredictWords, kPredictBytes, kPredictBytes, kPredictBytes, kPredictWords}};

bool is_letter(std::uint8_t c) noexcept { return (c >= 'a' && c <= 'z') || c >= 128 || c == '\''; }

}  // namespace

const ContextSet& context_set(PredictorMode mode) noexcept {
  return mode == PredictorMode::kTokens ? kTokenSet : kByteSet;
}

void ContextHistory::add(std::uint8_t byte, const MatchModel& bytes) noexcept {
  last_ = last_ << 8 | byte;
  token_so_far_ = hash_pair(token_so_far_, byte + 1u);
  ++in_token_;
  add_to_word(byte);
  const std::uint32_t position = bytes.size();
  if (byte == '\n') {
    line_before_ = line_begin_;
    line_begin_ = position;
  }
  const std::uint32_t up = line_before_ + (position - line_begin_);
  above_ = 0;
  if (up < line_begin_) above_ = bytes.byte_at(up) | (up + 1 < line_begin_ ? 256u * bytes.byte_at(up + 1) : 0u);
}

void ContextHistory::add_to_word(std::uint8_t byte) noexcept {
  const std::uint8_t lower = byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + 32) : byte;
  if (is_letter(lower)) {
    word_ = hash_pair(word_, lower);
  } else if (word_ != 0) {
    word_before_ = word_;
    word_ = 0;
  }
}

void ContextHistory::end_token(std::uint32_t token) noexcept {
  tokens_ = {token + 1, tokens_[0], tokens_[1]};
  token_so_far_ = 0;
  in_token_ = 0;
}

void ContextHistory::hashes(PredictorMode mode, std::array<std::uint32_t, kMaxContexts>& out) const noexcept {
  std::size_t n = 0;
  const auto add = [&](std::uint32_t hash) {
    out[n] = hash_pair(hash, static_cast<std::uint32_t>(n) * 0x3D4D51CBu + 1);
    ++n;
  };
  if (mode == PredictorMode::kTokens) {
    const std::uint32_t one = hash_pair(token_so_far_, tokens_[0]);
    const std::uint32_t two = hash_pair(one, tokens_[1]);
    add(last(2));
    add(last(3));
    add(word_);
    add(token_so_far_);
    add(one);
    add(two);
    add(hash_pair(two, tokens_[2]));
    add(hash_pair(token_so_far_, above_));
    return;
  }
  for (int bytes = 1; bytes <= 4; ++bytes) add(last(bytes));
  add(hash_pair(last(4), static_cast<std::uint32_t>(last_ >> 32 & 0xFF)));
  add(hash_pair(last(4), static_cast<std::uint32_t>(last_ >> 32 & 0xFFFF)));
  add(word_);
  add(hash_pair(word_, word_before_));
  add(static_cast<std::uint32_t>(last_ >> 8 & 0xFFFF));
  add(static_cast<std::uint32_t>(last_ & 0xFF00FF));
  add(static_cast<std::uint32_t>(last_ & 0xFF000000));
  add(hash_pair(last(1), above_));
}

}  // namespace koan
