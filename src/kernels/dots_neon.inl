// Exact int8 dot products on AArch64: with the dot-product instruction (SDOT, four products and their sum at once)
// where the file is compiled for it, else through int16. Same names as dots_signs.inl and value_pairs.inl.
//
// Through int16: products (|p| <= 128 * 127) of neighbouring inputs are added as int16, which holds |sum| <= 32512
// because activations are never -128 (numerics 3), and those pairs to the int32 sums.
namespace koan {
namespace {

constexpr bool kHasExcess = false;

// One group of 32 activations, ready to be multiplied with rows.
struct Prepared {
  std::int32_t quad[8];  // four int8 each
  float scale;
};

// Four inputs of sixteen rows, or four positions of sixteen elements of values.
struct Weights {
  int8x16_t a, b, c, d;
};

inline void prepare(const std::int8_t* q, float scale, Prepared* out) {
  vst1q_s32(out->quad, load_four(q, 0));
  vst1q_s32(out->quad + 4, load_four(q, 1));
  out->scale = scale;
}

inline Weights load_weights(const std::int8_t* p) {
  return {vld1q_s8(p), vld1q_s8(p + 16), vld1q_s8(p + 32), vld1q_s8(p + 48)};
}
using Values = Weights;
inline Values load_values(const std::int8_t* p) { return load_weights(p); }
inline Ints add_excess(Ints sum, const Weights&) { return sum; }

inline int32x4_t add_products(int32x4_t sum, int8x16_t w, int8x16_t x) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sum, w, x);
#else
  const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);
  return vpadalq_s16(sum, vpaddq_s16(low, high));
#endif
}

// Adds the products with four signed bytes.
inline Ints add_word(Ints sum, Weights w, std::int32_t word) {
  const int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(word));
  return {add_products(sum.a, w.a, x), add_products(sum.b, w.b, x), add_products(sum.c, w.c, x),
          add_products(sum.d, w.d, x)};
}
inline Ints dot(Ints sum, Weights w, const Prepared& p, int k) { return add_word(sum, w, p.quad[k]); }

// Weights of 16 positions, whole numbers up to kMostShare, ready to be multiplied with values: of each four positions a
// word of signed low bytes, and one of the high bytes that go with them.
inline Ints share_words(Ints shares) {
  const Ints half = splat_int(0x80);
  return gather_bytes(bit_xor(add(shares, half), half));
}

inline Ints add_first(Ints sum, Weights w, std::int32_t word) { return add_word(sum, w, word); }
inline Ints add_second(Ints sum, Weights w, std::int32_t word) { return add_word(sum, w, word); }
inline Ints join(Ints first, Ints second) { return add(first, shift_left<8>(second)); }

std::uint64_t int8_peak(std::uint64_t iterations, std::int32_t* sink) noexcept {
  constexpr int kChains = kPeakChains;
  const int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(*sink)), b = vreinterpretq_s8_s32(vdupq_n_s32(*sink + 1));
  const Weights w = {a, b, a, b};
  Ints sums[kChains];
#pragma GCC unroll 8
  for (int i = 0; i < kChains; ++i) sums[i] = zero_ints();
  for (std::uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 8
    for (int i = 0; i < kChains; ++i) {
      sums[i] = {add_products(sums[i].a, w.a, a), add_products(sums[i].b, w.b, a), add_products(sums[i].c, w.c, b),
                 add_products(sums[i].d, w.d, b)};
      keep_in_register(sums[i]);  // the loop must not be folded
    }
  }
#pragma GCC unroll 8
  for (int i = 1; i < kChains; ++i) sums[0] = add(sums[0], sums[i]);
  *sink = static_cast<std::int32_t>(sum_lanes(sums[0]));
  return iterations * kChains * 64;
}

}  // namespace
}  // namespace koan
