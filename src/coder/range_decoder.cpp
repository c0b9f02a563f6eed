#include "coder/range_decoder.h"

#include <algorithm>

namespace koan {

RangeDecoder::RangeDecoder(ByteView data) noexcept : data_(data) {
  for (int i = 0; i < 8; ++i) offset_ = offset_ << 8 | next_byte();
}

std::uint32_t RangeDecoder::target(std::uint32_t total) noexcept {
  // The division remainder belongs to the last symbol. A damaged stream may lie beyond range: the clamp keeps it
  // defined.
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(offset_ / (range_ / total), total - 1));
}

void RangeDecoder::consume(const SymbolRange& symbol) noexcept {
  const std::uint64_t r = range_ / symbol.total;
  const std::uint64_t step = r * symbol.start;
  low_ += step;
  offset_ -= step;
  range_ = symbol.start + symbol.freq == symbol.total ? range_ - step : r * symbol.freq;
  shift_in();
}

bool RangeDecoder::decode_bit(std::uint32_t p16) noexcept {
  const std::uint64_t step = (range_ >> 16) * p16;
  const bool yes = offset_ < step;
  if (yes) {
    range_ = step;
  } else {
    low_ += step;
    offset_ -= step;
    range_ -= step;
  }
  shift_in();
  return yes;
}

void RangeDecoder::shift_in() noexcept {
  while (range_ < (std::uint64_t{1} << 56)) {
    low_ <<= 8;
    range_ <<= 8;
    offset_ = offset_ << 8 | next_byte();
  }
}

std::optional<std::size_t> RangeDecoder::finish() const noexcept {
  const StreamEnd end = stream_end(low_, range_);
  const std::uint32_t drop = 64 - 8 * end.bytes;
  if ((low_ + offset_) >> drop != end.value >> drop) return std::nullopt;
  const std::size_t taken = read_ - 8 + end.bytes;
  if (taken > data_.size()) return std::nullopt;
  return taken;
}

}  // namespace koan
