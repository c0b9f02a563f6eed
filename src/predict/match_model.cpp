#include "predict/match_model.h"

#include <algorithm>
#include <bit>

#include "predict/hash.h"

namespace koan {
namespace {

constexpr std::uint32_t kLeast = 6;          // bytes that must agree before a match is followed
constexpr std::uint32_t kMaxMisses = 8;      // until a match is given up
constexpr std::uint32_t kForgive = 16;       // agreeing bytes after which misses are forgotten
constexpr std::uint32_t kCountedBack = 400;  // of a new match
constexpr std::uint32_t kLongest = 65535;

std::uint32_t step_of(std::uint32_t length) noexcept {
  if (length == 0) return 0;
  if (length < 16) return 1 + length / 2;
  if (length < 256) return static_cast<std::uint32_t>(std::bit_width(length)) + 4;  // 16: 9, 32: 10, 64: 11, 128: 12
  return length < kCountedBack ? 13 : 14;
}

}  // namespace

MatchModel::MatchModel(std::uint64_t bytes)
    : bytes_(bytes + 1),
      ends_(bytes + 1),
      table_(std::clamp<std::uint64_t>(std::bit_ceil(bytes), 1024, std::uint64_t{1} << 22)) {}

int MatchModel::expected_bit(std::uint32_t partial) const noexcept {
  if (at_ == 0) return -1;
  const std::uint32_t expected = bytes_[at_] | 256u;
  const int known = std::bit_width(partial) - 1;
  if (expected >> (8 - known) != partial) return -1;
  return static_cast<int>(expected >> (7 - known) & 1);
}

void MatchModel::add(std::uint8_t byte) noexcept {
  // Only a damaged stream brings more: its last token passes the end of the text, and is refused after this.
  if (size_ + 1 == bytes_.size()) return;
  if (at_ != 0) {
    if (bytes_[at_] == byte) {
      length_ = std::min(length_ + 1, kLongest);
    } else {
      length_ = 0;
      ++misses_;
    }
    at_ = misses_ > kMaxMisses ? 0 : at_ + 1;
    if (length_ >= kForgive) misses_ = 0;
  }
  bytes_[size_++] = byte;
  if (size_ >= kLeast) look_up();
  length_step_ = step_of(length_);
}

void MatchModel::look_up() noexcept {
  std::uint32_t hash = 0;
  for (std::uint32_t i = 1; i <= kLeast; ++i) hash = hash_pair(hash, bytes_[size_ - i]);
  std::uint32_t& entry = table_[hash & (table_.size() - 1)];
  if ((at_ == 0 || length_ < kLeast) && entry != 0) {
    std::uint32_t length = 0;
    while (length < kCountedBack && length < entry && bytes_[entry - 1 - length] == bytes_[size_ - 1 - length])
      ++length;
    if (length >= kLeast && length > length_) {
      at_ = entry;
      length_ = length;
      misses_ = 0;
    }
  }
  entry = size_;
}

}  // namespace koan
