// 64-bit range coder, decoding side. Never reads past its bytes: beyond the end it sees zeros, and finish() tells.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "coder/range_encoder.h"

namespace koan {

class RangeDecoder {
 public:
  // `data` may continue beyond the stream; finish() finds where the stream ends.
  explicit RangeDecoder(ByteView data) noexcept;

  // A number in [0, total) that lies inside the next symbol's [start, start + freq).
  std::uint32_t target(std::uint32_t total) noexcept;
  // Consumes the symbol that target() fell into.
  void consume(const SymbolRange& symbol) noexcept;
  // Takes a decision that RangeEncoder::encode_bit coded.
  bool decode_bit(std::uint32_t p16) noexcept;
  // After the last symbol: the number of bytes the stream took, or nothing if its final bytes are not what the encoder
  // writes.
  std::optional<std::size_t> finish() const noexcept;
  // True once finish() can only fail: more was taken than there is. Lets a caller stop at once on a stream that was cut
  // short.
  bool past_end() const noexcept { return read_ >= data_.size() + 8; }

 private:
  void shift_in() noexcept;
  std::uint8_t next_byte() noexcept { return read_ < data_.size() ? data_[read_++] : (++read_, std::uint8_t{0}); }

  ByteView data_;
  std::size_t read_ = 0;  // bytes taken, virtual zeros beyond the end included
  std::uint64_t low_ = 0;
  std::uint64_t range_ = ~std::uint64_t{0};
  std::uint64_t offset_ = 0;  // stream value minus low
};

}  // namespace koan
