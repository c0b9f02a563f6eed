// Logistic mixing (numerics section 12) on eight 32-bit lanes. Integers: the order of the sum does not matter.
namespace koan {
namespace {

inline __m256i widened(const std::int16_t* x) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}

inline __m256i weights_at(const std::int32_t* w) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)); }

std::int32_t mix(const std::int32_t* weights, const std::int16_t* inputs) noexcept {
  __m256i sum = _mm256_setzero_si256();
  for (int i = 0; i < kMixInputs; i += 8) {
    const __m256i product = _mm256_mullo_epi32(_mm256_srai_epi32(weights_at(weights + i), 4), widened(inputs + i));
    sum = _mm256_add_epi32(sum, product);
  }
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

void mix_learn(std::int32_t* weights, const std::int16_t* inputs, std::int32_t error) noexcept {
  const __m256i e = _mm256_set1_epi32(error), half = _mm256_set1_epi32(1 << 15);
  const __m256i most = _mm256_set1_epi32(kMixMostWeight), least = _mm256_set1_epi32(-kMixMostWeight);
  for (int i = 0; i < kMixInputs; i += 8) {
    const __m256i step = _mm256_srai_epi32(_mm256_add_epi32(_mm256_mullo_epi32(widened(inputs + i), e), half), 16);
    const __m256i moved = _mm256_add_epi32(weights_at(weights + i), step);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights + i),
                        _mm256_max_epi32(least, _mm256_min_epi32(most, moved)));
  }
}

}  // namespace
}  // namespace koan
