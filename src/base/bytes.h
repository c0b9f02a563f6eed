// Bounded little-endian reader and appending writer over memory. No reader here ever reads past its end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace koan {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Cursor over bytes. Every read reports truncation as kCorrupt.
class ByteReader {
 public:
  explicit ByteReader(ByteView data) noexcept : data_(data) {}

  std::size_t position() const noexcept { return pos_; }
  std::size_t remaining() const noexcept { return data_.size() - pos_; }

  Result<ByteView> take(std::uint64_t n) {
    if (n > remaining()) return truncated();
    ByteView out = data_.subspan(pos_, static_cast<std::size_t>(n));
    pos_ += out.size();
    return out;
  }

  // Fixed-width unsigned integer, little-endian on every machine.
  template <typename T>
  Result<T> fixed() {
    static_assert(std::is_unsigned_v<T>);
    if (sizeof(T) > remaining()) return truncated();
    T out = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      out = static_cast<T>(out | static_cast<T>(static_cast<T>(data_[pos_ + i]) << (8 * i)));
    pos_ += sizeof(T);
    return out;
  }

  // LEB128, at most 10 bytes, shortest form only (a longer spelling of a number is an error,
  // so that every value has one encoding and a flipped bit cannot hide in it).
  Result<std::uint64_t> varint() {
    std::uint64_t out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (remaining() == 0) return truncated();
      const std::uint8_t b = data_[pos_++];
      if (shift == 63 && b > 1)
        return Error{ErrorCode::kCorrupt, "number out of range at byte " + std::to_string(pos_)};
      out |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (!(b & 0x80)) {
        if (b == 0 && shift != 0)
          return Error{ErrorCode::kCorrupt, "number not in shortest form at byte " + std::to_string(pos_)};
        return out;
      }
    }
    return Error{ErrorCode::kCorrupt, "number out of range at byte " + std::to_string(pos_)};
  }

 private:
  Error truncated() const {
    return Error{ErrorCode::kCorrupt, "data ends early at byte " + std::to_string(data_.size())};
  }

  ByteView data_;
  std::size_t pos_ = 0;
};

// The value whose bytes in memory, on this machine, are those of `value` on a little-endian one.
template <typename T>
constexpr T to_little_endian(T value) noexcept {
  static_assert(std::is_unsigned_v<T>);
  if constexpr (std::endian::native == std::endian::little) return value;
  T out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out = static_cast<T>(out | static_cast<T>(static_cast<T>(value >> (8 * i) & 0xFF) << (8 * (sizeof(T) - 1 - i))));
  return out;
}

template <typename T>
void append_fixed(Bytes& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void append_bytes(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace koan
