// Exact int8 dot products for AVX2. VPMADDUBSW multiplies unsigned by signed bytes: sizes of weights by activations
// that took over the weights' signs (VPSIGNB). Its sums of two saturate at int16, which none of them reaches, because
// activations are never -128 (numerics 3): 2 * 128 * 127 = 32512. Same names as dots_vnni.inl.
namespace koan {
namespace {

constexpr bool kHasExcess = false;

// One group of 32 activations, ready to be multiplied with rows.
struct Prepared {
  std::int32_t quad[8];  // four int8 each
  float scale;
};

// Four inputs of sixteen rows.
struct Weights {
  Ints bytes;
  Ints sizes;
};

inline void prepare(const std::int8_t* q, float scale, Prepared* out) {
  __builtin_memcpy(out->quad, q, sizeof(out->quad));
  out->scale = scale;
}

inline Weights load_weights(const std::int8_t* p) {
  const Ints bytes = load_ints(p);
  return {bytes, {_mm256_abs_epi8(bytes.low), _mm256_abs_epi8(bytes.high)}};
}
inline Ints add_excess(Ints sum, const Weights&) { return sum; }

inline __m256i add_products(__m256i sum, __m256i sizes, __m256i signs, __m256i q) {
  const __m256i pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(q, signs));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
inline Ints dot(Ints sum, Weights w, const Prepared& p, int k) {
  const __m256i q = _mm256_set1_epi32(p.quad[k]);
  sum = {add_products(sum.low, w.sizes.low, w.bytes.low, q), add_products(sum.high, w.sizes.high, w.bytes.high, q)};
  keep_in_register(sum);  // GCC would first compute all products, and spill them, to add them as a tree
  return sum;
}

// Products of int16 alone, two of which take the place of four of bytes: what the multipliers can do. With additions
// between them Zen 3 sends all products to one of its two multipliers, or does not, from one run to the next.
std::uint64_t int8_peak(std::uint64_t iterations, std::int32_t* sink) noexcept {
  constexpr int kChains = kPeakChains;
  const Ints a = splat_int(*sink);
  Ints products[kChains];
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) {
    products[i] = splat_int(i);
    keep_in_register(products[i]);  // its halves must not be known to be the same
  }
  for (std::uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) products[i] = multiply_pairs(products[i], a);
  }
#pragma GCC unroll 16
  for (int i = 1; i < kChains; ++i) products[0] = add(products[0], products[i]);
  *sink = static_cast<std::int32_t>(sum_lanes(products[0]));
  return iterations * kChains * 32;
}

}  // namespace
}  // namespace koan
