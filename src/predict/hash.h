// The hash under contexts (docs/numerics.md section 12.3). Part of the numerics: never change it alone.
#pragma once

#include <cstdint>

namespace koan {

inline std::uint32_t hash_pair(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t h = a * 0x2F0B4C47u + b * 0x9E3779B1u + 0x7F4A7C15u;
  h ^= h >> 15;
  h *= 0x85EBCA6Bu;
  return h ^ h >> 13;
}

}  // namespace koan
