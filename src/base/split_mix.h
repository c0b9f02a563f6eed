// SplitMix64 (Steele, Lea and Flood 2014): random numbers whose state is one number, the same on every machine.
// std::uniform_int_distribution and std::shuffle differ between libraries.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace koan {

// A bijection that spreads every bit of x over the result: a hash of a number.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

constexpr std::uint64_t split_mix(std::uint64_t& state) noexcept { return mix64(state += 0x9E3779B97F4A7C15u); }

template <typename T>
void shuffle(std::vector<T>& items, std::uint64_t& state) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[split_mix(state) % i]);
}

}  // namespace koan
