// Exact int8 dot products with VPDPBUSD, which multiplies unsigned by signed bytes: activations become q + 128 by
// flipping their top bit, and the sums of a row start at kBaseBits - 128 * sum(weights), which takes the excess away
// again. Same names as dots_signs.inl and value_pairs.inl. Needs: add_quads(sum, unsigned, signed), kPeakChains.
namespace koan {
namespace {

constexpr bool kHasExcess = true;

// One group of 32 activations, ready to be multiplied with rows.
struct Prepared {
  std::int32_t quad[8];  // four q + 128 each
  float scale;
};

// Four inputs of sixteen rows, or four positions of sixteen elements of values.
struct Weights {
  Ints signed_bytes;
};

inline void prepare(const std::int8_t* q, float scale, Prepared* out) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out->quad), _mm256_xor_si256(bytes, _mm256_set1_epi8(-128)));
  out->scale = scale;
}

inline Weights load_weights(const std::int8_t* p) { return {load_ints(p)}; }
using Values = Weights;
inline Values load_values(const std::int8_t* p) { return load_weights(p); }

// Adds the products with four unsigned bytes.
inline Ints add_word(Ints sum, Weights w, std::int32_t word) { return add_quads(sum, splat_int(word), w.signed_bytes); }
inline Ints dot(Ints sum, Weights w, const Prepared& p, int k) { return add_word(sum, w, p.quad[k]); }
// Adds 128 * the sum of a row's weights: what their products with q + 128 have too much.
inline Ints add_excess(Ints sum, Weights w) { return add_word(sum, w, static_cast<std::int32_t>(0x80808080)); }

// Weights of 16 positions, whole numbers up to kMostShare, ready to be multiplied with values: of each four positions
// the low bytes as the first word, the high bytes as the second.
inline Ints share_words(Ints shares) { return gather_bytes(shares); }

inline Ints add_first(Ints sum, Weights w, std::int32_t word) { return add_word(sum, w, word); }
inline Ints add_second(Ints sum, Weights w, std::int32_t word) { return add_word(sum, w, word); }
inline Ints join(Ints first, Ints second) { return add(first, shift_left<8>(second)); }

std::uint64_t int8_peak(std::uint64_t iterations, std::int32_t* sink) noexcept {
  constexpr int kChains = kPeakChains;
  const Ints a = splat_int(*sink), b = splat_int(*sink + 1);
  Ints sums[kChains];
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) sums[i] = zero_ints();
  for (std::uint64_t n = 0; n < iterations; ++n) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      sums[i] = add_quads(sums[i], a, b);
      keep_in_register(sums[i]);  // the loop must not be folded
    }
  }
#pragma GCC unroll 16
  for (int i = 1; i < kChains; ++i) sums[0] = add(sums[0], sums[i]);
  *sink = static_cast<std::int32_t>(sum_lanes(sums[0]));
  return iterations * kChains * 64;
}

}  // namespace
}  // namespace koan
