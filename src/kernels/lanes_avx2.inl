// The sixteen canonical lanes (numerics section 5) as two AVX2 registers. Same names as lanes_avx512.inl.
#include <immintrin.h>

namespace koan {
namespace {

struct Floats {
  __m256 low, high;
};
struct Ints {
  __m256i low, high;
};
using Mask = Floats;  // a lane is chosen when its sign bit is set

inline Floats zeros() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline Floats splat(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Floats load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, Floats v) {
  _mm256_storeu_ps(p, v.low);
  _mm256_storeu_ps(p + 8, v.high);
}
inline Floats add(Floats a, Floats b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline Floats sub(Floats a, Floats b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
inline Floats mul(Floats a, Floats b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
// a * b + c, rounded once.
inline Floats fused(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline Floats div(Floats a, Floats b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
// The second operand wins when either is NaN.
inline Floats min(Floats a, Floats b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
inline Floats max(Floats a, Floats b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }

inline Ints zero_ints() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
inline Ints splat_int(std::int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
inline Ints load_ints(const void* p) {
  const __m256i* q = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(q), _mm256_loadu_si256(q + 1)};
}
inline void store_ints(void* p, Ints v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v.low);
  _mm256_storeu_si256(static_cast<__m256i*>(p) + 1, v.high);
}
inline Ints add(Ints a, Ints b) { return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)}; }
inline Ints subtract(Ints a, Ints b) { return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)}; }
inline Ints max_ints(Ints a, Ints b) { return {_mm256_max_epi32(a.low, b.low), _mm256_max_epi32(a.high, b.high)}; }
inline Ints bit_and(Ints a, Ints b) { return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)}; }
template <int kBits>
inline Ints shift_left(Ints a) {
  return {_mm256_slli_epi32(a.low, kBits), _mm256_slli_epi32(a.high, kBits)};
}
template <int kBits>
inline Ints shift_left_words(Ints a) {
  return {_mm256_slli_epi16(a.low, kBits), _mm256_slli_epi16(a.high, kBits)};
}
template <int kBits>
inline Ints shift_right_words(Ints a) {
  return {_mm256_srai_epi16(a.low, kBits), _mm256_srai_epi16(a.high, kBits)};
}
// Sums of neighbouring products of int16.
inline Ints multiply_pairs(Ints a, Ints b) {
  return {_mm256_madd_epi16(a.low, b.low), _mm256_madd_epi16(a.high, b.high)};
}

inline Ints bits(Floats v) { return {_mm256_castps_si256(v.low), _mm256_castps_si256(v.high)}; }
inline Floats from_bits(Ints v) { return {_mm256_castsi256_ps(v.low), _mm256_castsi256_ps(v.high)}; }
inline Ints to_nearest(Floats v) { return {_mm256_cvtps_epi32(v.low), _mm256_cvtps_epi32(v.high)}; }
inline Floats nearest(Floats v) {
  return {_mm256_round_ps(v.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
          _mm256_round_ps(v.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
// v * 2^n where n is whole, 2^n and the result are normal numbers.
inline Floats scale_by_power(Floats v, Floats n) {
  return mul(v, from_bits(shift_left<23>(add(to_nearest(n), splat_int(127)))));
}
inline Ints truncate(Floats v) { return {_mm256_cvttps_epi32(v.low), _mm256_cvttps_epi32(v.high)}; }
inline Floats to_floats(Ints v) { return {_mm256_cvtepi32_ps(v.low), _mm256_cvtepi32_ps(v.high)}; }

inline Mask lane_mask(std::uint16_t lanes) {
  const __m256i all = _mm256_set1_epi32(lanes);
  const __m256i low = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);  // moves lane i's bit to the sign
  const __m256i high = _mm256_setr_epi32(23, 22, 21, 20, 19, 18, 17, 16);
  return {_mm256_castsi256_ps(_mm256_sllv_epi32(all, low)), _mm256_castsi256_ps(_mm256_sllv_epi32(all, high))};
}
inline Mask less(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ)};
}
inline Floats select(Mask m, Floats yes, Floats no) {
  return {_mm256_blendv_ps(no.low, yes.low, m.low), _mm256_blendv_ps(no.high, yes.high, m.high)};
}
inline Floats keep(Mask m, Floats v) { return select(m, v, zeros()); }
inline Floats clear(Mask m, Floats v) { return select(m, zeros(), v); }
inline Floats replace_non_finite(Floats v, float by) {
  const Ints exponent = splat_int(0x7F800000);
  const Ints e = bit_and(bits(v), exponent);
  const Mask bad = {_mm256_castsi256_ps(_mm256_cmpeq_epi32(e.low, exponent.low)),
                    _mm256_castsi256_ps(_mm256_cmpeq_epi32(e.high, exponent.high))};
  return select(bad, splat(by), v);
}

// The first `count` lanes (1 to 16), the rest zero; reads nothing beyond.
inline Floats load_first(const float* p, std::int32_t count) {
  const Ints m = bits(lane_mask(static_cast<std::uint16_t>((1u << count) - 1u)));
  return {_mm256_maskload_ps(p, m.low), _mm256_maskload_ps(p + 8, m.high)};
}
inline Ints load_first_ints(const std::uint32_t* p, std::int32_t count) {
  const Ints m = bits(lane_mask(static_cast<std::uint16_t>((1u << count) - 1u)));
  const int* q = reinterpret_cast<const int*>(p);
  return {_mm256_maskload_epi32(q, m.low), _mm256_maskload_epi32(q + 8, m.high)};
}

// The sixteen lanes, each in -128..127, as bytes.
inline void store_bytes(std::int8_t* p, Ints v) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(v.low, v.high), 0xD8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}

// Within each four lanes a b c d: c d a b.
inline Ints swap_pairs(Ints v) { return {_mm256_shuffle_epi32(v.low, 0x4E), _mm256_shuffle_epi32(v.high, 0x4E)}; }
// Of each four lanes: their lowest bytes as the first lane, the bytes above them as the second; the others are
// anything.
inline Ints gather_bytes(Ints v) {
  const __m256i from = _mm256_setr_epi32(0x0C080400, 0x0D090501, 0, 0, 0x0C080400, 0x0D090501, 0, 0);
  return {_mm256_shuffle_epi8(v.low, from), _mm256_shuffle_epi8(v.high, from)};
}

// The compiler must take v for a new value: it can neither fold what is computed from it nor reorder sums across it.
inline void keep_in_register(Ints& v) { __asm__ volatile("" : "+x"(v.low), "+x"(v.high)); }

inline __m256 low_half(Floats v) { return v.low; }
inline __m256 high_half(Floats v) { return v.high; }
inline __m256i low_half(Ints v) { return v.low; }
inline __m256i high_half(Ints v) { return v.high; }

}  // namespace
}  // namespace koan
