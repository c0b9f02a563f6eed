// log2 in integers: the same on every machine, unlike that of a math library.
#pragma once

#include <bit>
#include <cstdint>

namespace koan {

// floor(log2(x) * 256), or one less, for x > 0: the whole part is the top bit, each further bit comes from squaring the
// mantissa, whose rounding is below 2^-23.
inline std::int32_t log2_256(std::uint64_t x) noexcept {
  const int top = 63 - std::countl_zero(x);
  std::uint64_t mantissa = x << (63 - top) >> 32;  // [2^31, 2^32): from 1 to below 2
  std::int32_t out = top;
  for (int bit = 0; bit < 8; ++bit) {
    mantissa = mantissa * mantissa >> 31;
    out *= 2;
    if (mantissa >> 32) {
      mantissa >>= 1;
      ++out;
    }
  }
  return out;
}

}  // namespace koan
