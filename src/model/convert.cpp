#include "model/convert.h"

#include <algorithm>
#include <bit>

#include "base/half.h"
#include "kernels/scalar_math.h"

namespace koan {
namespace {

constexpr int kMost = 127;
constexpr float kMostSteps = 512.0f;  // of an offset; beyond it no quant could stay within 127

float magnitude(float x) noexcept { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu); }

// x rounded to 22 significant bits, to nearest even. x is not negative and not near overflow.
float short_scale(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 1 + (bits >> 2 & 1)) & ~3u);
}

void take_as_is(const GgmlGroup& group, QuantGroup& out) noexcept {
  out.scale = group.step[0];
  std::copy_n(group.units, kGgmlGroup, out.quants);
}

// A grid of n points a step, on which every unit lies exactly and the offset nearly.
struct Grid {
  int n = 0;  // 0: none found
  int offset = 0;
  float scale = 0;
  float error = 0;  // of every value of the group
};

Grid find_grid(const GgmlGroup& group) noexcept {
  const auto [least, most] = std::minmax_element(group.units, group.units + kGgmlGroup);
  const int low = *least, high = *most;
  Grid best;
  if (!(group.step[0] > 0)) return best;
  for (int n = 1; n <= kMost && n * (high - low) <= 2 * kMost; ++n) {
    const float scale = short_scale(group.step[0] / static_cast<float>(n));
    const float exact = group.offset / scale;
    if (!(magnitude(exact) < kMostSteps)) continue;
    const float whole = rne(exact);
    const int offset = static_cast<int>(whole);
    if (n * low + offset < -kMost || n * high + offset > kMost) continue;
    const float error = magnitude(whole * scale - group.offset);
    if (best.n == 0 || error < best.error) best = {n, offset, scale, error};
  }
  return best;
}

void put_on_grid(const GgmlGroup& group, const Grid& grid, QuantGroup& out) noexcept {
  out.scale = grid.scale;
  for (std::uint32_t i = 0; i < kGgmlGroup; ++i)
    out.quants[i] = static_cast<std::int8_t>(grid.n * group.units[i] + grid.offset);
}

// |x / scale| is within some roundings of 127 at most.
void take_nearest(const float* values, float scale, QuantGroup& out) noexcept {
  out.scale = scale;
  for (std::uint32_t i = 0; i < kGgmlGroup; ++i)
    out.quants[i] = static_cast<std::int8_t>(scale > 0 ? rne(values[i] / scale) : 0.0f);
}

}  // namespace

bool convert_group(const GgmlGroup& group, QuantGroup& out) noexcept {
  const bool one_step = group.step[0] == group.step[1];
  if (one_step && group.offset == 0) {
    take_as_is(group, out);
    return is_finite(out.scale);
  }
  float values[kGgmlGroup];
  ggml_values(group, values);
  float largest = 0;
  bool finite = true;
  for (const float value : values) {
    largest = std::max(largest, magnitude(value));
    finite = finite && is_finite(value);
  }
  if (!finite) return false;
  const float scale = short_scale(largest / static_cast<float>(kMost));
  if (one_step) {
    const Grid grid = find_grid(group);
    if (grid.n != 0 && 4.0f * grid.error <= scale) {
      put_on_grid(group, grid, out);
      return true;
    }
  }
  take_nearest(values, scale, out);
  return true;
}

}  // namespace koan
