// The sixteen canonical lanes (numerics section 5) as four NEON registers. Same names as lanes_avx2.inl, and those of
// reductions_x86.inl. Little-endian AArch64 only: bytes in registers are taken for lanes as they lie in memory.
#include <arm_neon.h>

namespace koan {
namespace {

struct Floats {
  float32x4_t a, b, c, d;
};
struct Ints {
  int32x4_t a, b, c, d;
};
struct Mask {
  uint32x4_t a, b, c, d;  // all bits of a chosen lane are set
};

template <typename Out, typename In, typename Op>
inline Out each(const In& x, Op op) {
  return {op(x.a), op(x.b), op(x.c), op(x.d)};
}
template <typename Out, typename In, typename Op>
inline Out each(const In& x, const In& y, Op op) {
  return {op(x.a, y.a), op(x.b, y.b), op(x.c, y.c), op(x.d, y.d)};
}

inline Floats splat(float x) {
  const float32x4_t v = vdupq_n_f32(x);
  return {v, v, v, v};
}
inline Floats zeros() { return splat(0.0f); }
inline Floats load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12)}; }
inline void store(float* p, Floats v) {
  vst1q_f32(p, v.a);
  vst1q_f32(p + 4, v.b);
  vst1q_f32(p + 8, v.c);
  vst1q_f32(p + 12, v.d);
}
inline Floats add(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vaddq_f32(p, q); });
}
inline Floats sub(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vsubq_f32(p, q); });
}
inline Floats mul(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vmulq_f32(p, q); });
}
inline Floats div(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vdivq_f32(p, q); });
}
// a * b + c, rounded once.
inline Floats fused(Floats a, Floats b, Floats c) {
  return {vfmaq_f32(c.a, a.a, b.a), vfmaq_f32(c.b, a.b, b.b), vfmaq_f32(c.c, a.c, b.c), vfmaq_f32(c.d, a.d, b.d)};
}
// The second operand wins when either is NaN; FMIN and FMAX would return the NaN.
inline Floats min(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vbslq_f32(vcltq_f32(p, q), p, q); });
}
inline Floats max(Floats x, Floats y) {
  return each<Floats>(x, y, [](float32x4_t p, float32x4_t q) { return vbslq_f32(vcgtq_f32(p, q), p, q); });
}

inline Ints splat_int(std::int32_t x) {
  const int32x4_t v = vdupq_n_s32(x);
  return {v, v, v, v};
}
inline Ints zero_ints() { return splat_int(0); }
inline int32x4_t load_four(const void* p, int quarter) {  // as bytes: p may point to int16 or int8
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(p) + 16 * quarter));
}
inline Ints load_ints(const void* p) { return {load_four(p, 0), load_four(p, 1), load_four(p, 2), load_four(p, 3)}; }
inline void store_ints(void* p, Ints v) {
  std::uint8_t* bytes = static_cast<std::uint8_t*>(p);
  vst1q_u8(bytes, vreinterpretq_u8_s32(v.a));
  vst1q_u8(bytes + 16, vreinterpretq_u8_s32(v.b));
  vst1q_u8(bytes + 32, vreinterpretq_u8_s32(v.c));
  vst1q_u8(bytes + 48, vreinterpretq_u8_s32(v.d));
}
inline Ints add(Ints x, Ints y) {
  return each<Ints>(x, y, [](int32x4_t p, int32x4_t q) { return vaddq_s32(p, q); });
}
inline Ints subtract(Ints x, Ints y) {
  return each<Ints>(x, y, [](int32x4_t p, int32x4_t q) { return vsubq_s32(p, q); });
}
inline Ints max_ints(Ints x, Ints y) {
  return each<Ints>(x, y, [](int32x4_t p, int32x4_t q) { return vmaxq_s32(p, q); });
}
inline Ints bit_and(Ints x, Ints y) {
  return each<Ints>(x, y, [](int32x4_t p, int32x4_t q) { return vandq_s32(p, q); });
}
inline Ints bit_xor(Ints x, Ints y) {
  return each<Ints>(x, y, [](int32x4_t p, int32x4_t q) { return veorq_s32(p, q); });
}
template <int kBits>
inline Ints shift_left(Ints x) {
  return each<Ints>(x, [](int32x4_t p) { return vshlq_n_s32(p, kBits); });
}

inline Ints bits(Floats v) {
  return each<Ints>(v, [](float32x4_t p) { return vreinterpretq_s32_f32(p); });
}
inline Floats from_bits(Ints v) {
  return each<Floats>(v, [](int32x4_t p) { return vreinterpretq_f32_s32(p); });
}
// To nearest even, whatever mode the thread is in. Out of range it saturates and NaN becomes 0, unlike x86; what comes
// of such lanes is cleared or NaN anyway (exp_to_88).
inline Ints to_nearest(Floats v) {
  return each<Ints>(v, [](float32x4_t p) { return vcvtnq_s32_f32(p); });
}
inline Floats nearest(Floats v) {
  return each<Floats>(v, [](float32x4_t p) { return vrndnq_f32(p); });
}
// v * 2^n where n is whole, 2^n and the result are normal numbers.
inline Floats scale_by_power(Floats v, Floats n) {
  return mul(v, from_bits(shift_left<23>(add(to_nearest(n), splat_int(127)))));
}
inline Ints truncate(Floats v) {
  return each<Ints>(v, [](float32x4_t p) { return vcvtq_s32_f32(p); });
}
inline Floats to_floats(Ints v) {
  return each<Floats>(v, [](int32x4_t p) { return vcvtq_f32_s32(p); });
}

inline Mask lane_mask(std::uint16_t lanes) {
  static constexpr std::uint32_t kBits[16] = {1,   2,   4,    8,    16,   32,   64,    128,
                                              256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
  const uint32x4_t all = vdupq_n_u32(lanes);
  return {vtstq_u32(all, vld1q_u32(kBits)), vtstq_u32(all, vld1q_u32(kBits + 4)), vtstq_u32(all, vld1q_u32(kBits + 8)),
          vtstq_u32(all, vld1q_u32(kBits + 12))};
}
inline Mask less(Floats x, Floats y) {
  return each<Mask>(x, y, [](float32x4_t p, float32x4_t q) { return vcltq_f32(p, q); });
}
inline Floats select(Mask m, Floats yes, Floats no) {
  return {vbslq_f32(m.a, yes.a, no.a), vbslq_f32(m.b, yes.b, no.b), vbslq_f32(m.c, yes.c, no.c),
          vbslq_f32(m.d, yes.d, no.d)};
}
inline Floats keep(Mask m, Floats v) { return select(m, v, zeros()); }
inline Floats clear(Mask m, Floats v) { return select(m, zeros(), v); }
inline Floats replace_non_finite(Floats v, float by) {
  const Ints exponent = splat_int(0x7F800000);
  const Mask bad =
      each<Mask>(bit_and(bits(v), exponent), exponent, [](int32x4_t p, int32x4_t q) { return vceqq_s32(p, q); });
  return select(bad, splat(by), v);
}

// The first `count` lanes (1 to 16), the rest zero; reads nothing beyond.
inline Floats load_first(const float* p, std::int32_t count) {
  float lanes[16] = {};
  for (std::int32_t i = 0; i < count; ++i) lanes[i] = p[i];
  return load(lanes);
}
inline Ints load_first_ints(const std::uint32_t* p, std::int32_t count) {
  std::uint32_t lanes[16] = {};
  for (std::int32_t i = 0; i < count; ++i) lanes[i] = p[i];
  return load_ints(lanes);
}

// The sixteen lanes, each in -128..127, as bytes.
inline void store_bytes(std::int8_t* p, Ints v) {
  const int16x8_t low = vcombine_s16(vmovn_s32(v.a), vmovn_s32(v.b));
  const int16x8_t high = vcombine_s16(vmovn_s32(v.c), vmovn_s32(v.d));
  vst1q_s8(p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}

// Of each four lanes: their lowest bytes as the first lane, the bytes above them as the second; the others are
// anything.
inline Ints gather_bytes(Ints v) {
  static constexpr std::uint8_t kFrom[16] = {0, 4, 8, 12, 1, 5, 9, 13};
  const uint8x16_t from = vld1q_u8(kFrom);
  return each<Ints>(v, [&](int32x4_t p) { return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(p), from)); });
}

// The compiler must take v for a new value: it can neither fold what is computed from it nor reorder sums across it.
inline void keep_in_register(Ints& v) { __asm__ volatile("" : "+w"(v.a), "+w"(v.b), "+w"(v.c), "+w"(v.d)); }

// The tree of section 5.
inline float tree(Floats v) {
  const float32x4_t four = vaddq_f32(vaddq_f32(v.a, v.c), vaddq_f32(v.b, v.d));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
// Largest lane; no lane is NaN.
inline float largest_lane(Floats v) { return vmaxvq_f32(vmaxq_f32(vmaxq_f32(v.a, v.c), vmaxq_f32(v.b, v.d))); }
inline std::int32_t largest_int(Ints v) { return vmaxvq_s32(vmaxq_s32(vmaxq_s32(v.a, v.c), vmaxq_s32(v.b, v.d))); }
// Modulo 2^32.
inline std::uint32_t sum_lanes(Ints v) {
  return vaddvq_u32(vreinterpretq_u32_s32(vaddq_s32(vaddq_s32(v.a, v.c), vaddq_s32(v.b, v.d))));
}
inline float float_of(std::int32_t pattern) { return vget_lane_f32(vreinterpret_f32_s32(vdup_n_s32(pattern)), 0); }
inline float square_root(float x) { return vget_lane_f32(vsqrt_f32(vdup_n_f32(x)), 0); }

}  // namespace
}  // namespace koan
