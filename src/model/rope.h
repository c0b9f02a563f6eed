// Rotary embedding with integer angles (numerics section 7): the same bits for every position on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace koan {

// Natural logarithm and exponential in double from + - * / alone. log64: x >= 1 and finite. exp64: -700 <= x <= 0.
double log64(double x) noexcept;
double exp64(double x) noexcept;

class Rope {
 public:
  Rope() = default;
  // base >= 1; head_dim even; factor >= 1; divisors >= 1, head_dim / 2 of them or none.
  Rope(double base, std::uint32_t head_dim, double factor = 1, std::span<const double> divisors = {});

  std::uint32_t half() const noexcept { return static_cast<std::uint32_t>(steps_.size()); }
  std::uint64_t step(std::uint32_t pair) const noexcept {
    return steps_[pair];
  }  // turns per position, in units of 2^-64
  // cosine[half], sine[half] for a position; any value of it.
  void angles(std::uint64_t position, float* cosine, float* sine) const noexcept;

 private:
  std::vector<std::uint64_t> steps_;
};

// Rotates pairs (in[i], in[i + half]). `out` overlaps nothing else, so that the compiler may use vectors.
void rotate(const float* in, const float* cosine, const float* sine, std::uint32_t half, float* out) noexcept;

}  // namespace koan
