// Exact int8 dot products with VPDPBUSD, which multiplies unsigned by signed bytes: weights become w + 128 by flipping
// their top bit, and the sums start at kBaseBits - 128 * sum(activations), which takes the excess away again. Same
// names as dots_pairs.inl. Needs: add_quads(sum, unsigned, signed), kPeakChains.
namespace koan {
namespace {

// One group of 32 activations, ready to be multiplied with rows.
struct Prepared {
  std::int32_t quad[8];  // four int8 each
  std::int32_t start;    // kBaseBits - 128 * their sum
  float scale;
};

// Four inputs of sixteen rows.
struct Weights {
  Ints unsigned_bytes;
};

inline void prepare(const std::int8_t* q, float scale, Prepared* out) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out->quad), bytes);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
  const __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  out->start = kBaseBits - 128 * _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
  out->scale = scale;
}

inline Weights load_weights(const std::int8_t* p) {
  return {bit_xor(load_ints(p), splat_int(static_cast<std::int32_t>(0x80808080)))};
}
inline Ints first_sum(const Prepared& p) { return splat_int(p.start); }
inline Ints dot(Ints sum, Weights w, const Prepared& p, int k) {
  return add_quads(sum, w.unsigned_bytes, splat_int(p.quad[k]));
}

// Weights of 16 positions, whole numbers up to kMostShare, ready to be multiplied with values: of each four positions
// the low bytes as the first word, the high bytes as the second.
inline Ints share_words(Ints shares) { return gather_bytes(shares); }

// Four positions of sixteen elements.
struct Values {
  Ints signed_bytes;
};

inline Values load_values(const std::int8_t* p) { return {load_ints(p)}; }
inline Ints add_first(Ints sum, Values v, std::int32_t word) { return add_quads(sum, splat_int(word), v.signed_bytes); }
inline Ints add_second(Ints sum, Values v, std::int32_t word) {
  return add_quads(sum, splat_int(word), v.signed_bytes);
}
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
