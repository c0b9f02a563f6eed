// 64-bit range coder, encoding side (docs/format.md, "Range coder"). Integers only.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace koan {

// A symbol's place in a distribution: start + freq <= total, freq >= 1, total < 2^31.
struct SymbolRange {
  std::uint32_t start;
  std::uint32_t freq;
  std::uint32_t total;
};

// What both sides derive from (low, range) after the last symbol: the bytes that end the stream.
struct StreamEnd {
  std::uint64_t value;  // modulo 2^64; its top `bytes` bytes are written
  std::uint32_t bytes;
  bool carry;  // value passed 2^64
};
StreamEnd stream_end(std::uint64_t low, std::uint64_t range) noexcept;

class RangeEncoder {
 public:
  void encode(const SymbolRange& symbol);
  // A decision of two: "yes" has probability p16 / 65536, p16 in 1..65535, and comes first. The same bytes as encode()
  // with total 65536, without the division.
  void encode_bit(bool yes, std::uint32_t p16);
  // Ends the stream; nothing may be encoded afterwards.
  void finish();
  const Bytes& bytes() const noexcept { return out_; }
  Bytes take() noexcept { return std::move(out_); }

 private:
  void carry() noexcept;
  void shift_out();

  Bytes out_;
  std::uint64_t low_ = 0;
  std::uint64_t range_ = ~std::uint64_t{0};
};

}  // namespace koan
