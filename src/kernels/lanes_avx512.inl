// The sixteen canonical lanes (numerics section 5) as one AVX-512 register. Same names as lanes_avx2.inl.
#include <immintrin.h>

namespace koan {
namespace {

using Floats = __m512;
using Ints = __m512i;
using Mask = __mmask16;

inline Floats zeros() { return _mm512_setzero_ps(); }
inline Floats splat(float x) { return _mm512_set1_ps(x); }
inline Floats load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Floats v) { _mm512_storeu_ps(p, v); }
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
inline Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
// a * b + c, rounded once.
inline Floats fused(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
inline Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
// The second operand wins when either is NaN.
inline Floats min(Floats a, Floats b) { return _mm512_min_ps(a, b); }
inline Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }

inline Ints zero_ints() { return _mm512_setzero_si512(); }
inline Ints splat_int(std::int32_t x) { return _mm512_set1_epi32(x); }
inline Ints load_ints(const void* p) { return _mm512_loadu_si512(p); }
inline void store_ints(void* p, Ints v) { _mm512_storeu_si512(p, v); }
inline Ints add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
inline Ints subtract(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }
inline Ints max_ints(Ints a, Ints b) { return _mm512_max_epi32(a, b); }
inline Ints bit_and(Ints a, Ints b) { return _mm512_and_si512(a, b); }
template <int kBits>
inline Ints shift_left(Ints a) {
  return _mm512_slli_epi32(a, kBits);
}
template <int kBits>
inline Ints shift_left_words(Ints a) {
  return _mm512_slli_epi16(a, kBits);
}
template <int kBits>
inline Ints shift_right_words(Ints a) {
  return _mm512_srai_epi16(a, kBits);
}
// Sums of neighbouring products of int16.
inline Ints multiply_pairs(Ints a, Ints b) { return _mm512_madd_epi16(a, b); }

inline Ints bits(Floats v) { return _mm512_castps_si512(v); }
inline Floats from_bits(Ints v) { return _mm512_castsi512_ps(v); }
inline Ints to_nearest(Floats v) { return _mm512_cvtps_epi32(v); }
inline Floats nearest(Floats v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// v * 2^n where n is whole and the result is a normal number.
inline Floats scale_by_power(Floats v, Floats n) { return _mm512_scalef_ps(v, n); }
inline Ints truncate(Floats v) { return _mm512_cvttps_epi32(v); }
inline Floats to_floats(Ints v) { return _mm512_cvtepi32_ps(v); }

inline Mask lane_mask(std::uint16_t lanes) { return static_cast<Mask>(lanes); }
inline Mask less(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
inline Floats keep(Mask m, Floats v) { return _mm512_maskz_mov_ps(m, v); }
inline Floats clear(Mask m, Floats v) { return _mm512_maskz_mov_ps(static_cast<Mask>(~m), v); }
inline Floats select(Mask m, Floats yes, Floats no) { return _mm512_mask_mov_ps(no, m, yes); }
inline Floats replace_non_finite(Floats v, float by) {
  return _mm512_mask_mov_ps(v, _mm512_fpclass_ps_mask(v, 0x99),
                            _mm512_set1_ps(by));  // quiet NaN, +-infinity, signalling NaN
}

// The first `count` lanes (1 to 16), the rest zero; reads nothing beyond.
inline Floats load_first(const float* p, std::int32_t count) {
  return _mm512_maskz_loadu_ps(static_cast<Mask>((1u << count) - 1u), p);
}
inline Ints load_first_ints(const std::uint32_t* p, std::int32_t count) {
  return _mm512_maskz_loadu_epi32(static_cast<Mask>((1u << count) - 1u), p);
}

// The sixteen lanes, each in -128..127, as bytes.
inline void store_bytes(std::int8_t* p, Ints v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
}

// Within each four lanes a b c d: c d a b.
inline Ints swap_pairs(Ints v) { return _mm512_shuffle_epi32(v, _MM_PERM_BADC); }
// Of each four lanes: their lowest bytes as the first lane, the bytes above them as the second; the others are
// anything.
inline Ints gather_bytes(Ints v) { return _mm512_shuffle_epi8(v, _mm512_set4_epi32(0, 0, 0x0D090501, 0x0C080400)); }

// The compiler must take v for a new value: it can neither fold what is computed from it nor reorder sums across it.
inline void keep_in_register(Ints& v) { __asm__ volatile("" : "+v"(v)); }

inline __m256 low_half(Floats v) { return _mm512_castps512_ps256(v); }
inline __m256 high_half(Floats v) { return _mm512_extractf32x8_ps(v, 1); }
inline __m256i low_half(Ints v) { return _mm512_castsi512_si256(v); }
inline __m256i high_half(Ints v) { return _mm512_extracti64x4_epi64(v, 1); }

}  // namespace
}  // namespace koan
