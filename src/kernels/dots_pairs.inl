// Exact int8 dot products for AVX-512 without VNNI: weights and activations are widened to int16, even and odd inputs
// apart, and multiplied in pairs (|sum of a pair| <= 2 * 128 * 127). Needs value_pairs.inl. Same names as
// dots_signs.inl.
namespace koan {
namespace {

constexpr bool kHasExcess = false;

// One group of 32 activations, ready to be multiplied with rows: quad k is a pair of int16 in even[k] and one in
// odd[k].
struct Prepared {
  std::int32_t even[8];
  std::int32_t odd[8];
  float scale;
};

// Four inputs of sixteen rows.
using Weights = Values;

inline void prepare(const std::int8_t* q, float scale, Prepared* out) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out->even), even);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out->odd), _mm256_srai_epi16(bytes, 8));
  out->scale = scale;
}

inline Weights load_weights(const std::int8_t* p) { return load_values(p); }
inline Ints add_excess(Ints sum, const Weights&) { return sum; }
inline Ints dot(Ints sum, Weights w, const Prepared& p, int k) {
  sum = add(sum, multiply_pairs(w.even, splat_int(p.even[k])));
  sum = add(sum, multiply_pairs(w.odd, splat_int(p.odd[k])));
  keep_in_register(sum);  // as in add_first
  return sum;
}

std::uint64_t int8_peak(std::uint64_t iterations, std::int32_t* sink) noexcept {
  constexpr int kChains = kPeakChains;
  Ints a = splat_int(*sink);
  Ints sums[kChains];
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) sums[i] = zero_ints();
  for (std::uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      keep_in_register(a);  // every product must be computed
      sums[i] = add(sums[i], multiply_pairs(a, a));
    }
  }
#pragma GCC unroll 16
  for (int i = 1; i < kChains; ++i) sums[0] = add(sums[0], sums[i]);
  *sink = static_cast<std::int32_t>(sum_lanes(sums[0]));
  return iterations * kChains * 32;
}

}  // namespace
}  // namespace koan
