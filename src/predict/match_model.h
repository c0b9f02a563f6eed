// Finds where the last bytes occurred before and says which byte came next. Follows a match through a few differences,
// because edited copies go on after the edit.
#pragma once

#include <cstdint>
#include <vector>

namespace koan {

class MatchModel {
 public:
  // Room for this many bytes of history; more are ignored.
  explicit MatchModel(std::uint64_t bytes);

  void add(std::uint8_t byte) noexcept;
  // Marks that a token ended after the last byte added.
  void end_token() noexcept { ends_[size_ - 1] = 1; }

  // The bit expected after the bits of `partial` (1, then the bits of this byte so far): 0, 1, or -1 without an
  // opinion.
  int expected_bit(std::uint32_t partial) const noexcept;
  // Whether the token ended here last time: 0, 1 or -1.
  int expected_end() const noexcept { return at_ == 0 ? -1 : ends_[at_ - 1]; }
  // Of bytes that agreed, in 15 steps: how far to trust the match.
  std::uint32_t length_step() const noexcept { return length_step_; }

  std::uint32_t size() const noexcept { return size_; }
  std::uint8_t byte_at(std::uint32_t position) const noexcept { return bytes_[position]; }

 private:
  void look_up() noexcept;

  std::vector<std::uint8_t> bytes_, ends_;
  std::vector<std::uint32_t> table_;  // hash of the last kLeast bytes -> position after them
  std::uint32_t size_ = 0;
  std::uint32_t at_ = 0;  // the position whose byte is expected next; 0: none
  std::uint32_t length_ = 0, misses_ = 0, length_step_ = 0;
};

}  // namespace koan
