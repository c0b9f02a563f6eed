#include "coder/range_encoder.h"

namespace koan {

StreamEnd stream_end(std::uint64_t low, std::uint64_t range) noexcept {
  // range >= 2^56, so a block of 2^48 (two bytes) always fits: the loop ends at 2.
  for (std::uint32_t bytes = 1;; ++bytes) {
    const std::uint64_t block = std::uint64_t{1} << (64 - 8 * bytes);
    const std::uint64_t up = (block - (low & (block - 1))) & (block - 1);  // low + up is a multiple of block
    if (range > up && range - up >= block) {
      const std::uint64_t value = low + up;
      return {value, bytes, value < low};
    }
  }
}

void RangeEncoder::carry() noexcept {
  // The written bytes are a number below 1 - range, so the ripple always meets a byte that is not 255.
  for (std::size_t i = out_.size(); i-- > 0;) {
    if (++out_[i] != 0) return;
  }
}

void RangeEncoder::encode(const SymbolRange& symbol) {
  const std::uint64_t r = range_ / symbol.total;
  const std::uint64_t step = r * symbol.start;
  low_ += step;
  if (low_ < step) carry();
  // The last symbol takes what the division left over.
  range_ = symbol.start + symbol.freq == symbol.total ? range_ - step : r * symbol.freq;
  shift_out();
}

void RangeEncoder::encode_bit(bool yes, std::uint32_t p16) {
  const std::uint64_t step = (range_ >> 16) * p16;
  if (yes) {
    range_ = step;
  } else {
    low_ += step;
    if (low_ < step) carry();
    range_ -= step;
  }
  shift_out();
}

void RangeEncoder::shift_out() {
  while (range_ < (std::uint64_t{1} << 56)) {
    out_.push_back(static_cast<std::uint8_t>(low_ >> 56));
    low_ <<= 8;
    range_ <<= 8;
  }
}

void RangeEncoder::finish() {
  const StreamEnd end = stream_end(low_, range_);
  if (end.carry) carry();
  for (std::uint32_t i = 0; i < end.bytes; ++i) out_.push_back(static_cast<std::uint8_t>(end.value >> (56 - 8 * i)));
}

}  // namespace koan
