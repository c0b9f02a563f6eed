// Quantisation, norm, exp and friends over sixteen lanes (numerics sections 3, 5 and 6); included after one of the
// lanes files.
namespace koan {
namespace {

constexpr std::int32_t kLanes = 16;
constexpr float kNonFiniteScore = -0x1p120f;  // stands for a score or logit that is not finite

// The tree of section 5.
inline float tree(Floats v) {
  const __m256 eight = _mm256_add_ps(low_half(v), high_half(v));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Largest lane; no lane is NaN.
inline float largest_lane(Floats v) {
  const __m256 eight = _mm256_max_ps(low_half(v), high_half(v));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

inline std::int32_t largest_int(Ints v) {
  const __m256i eight = _mm256_max_epi32(low_half(v), high_half(v));
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 0xB1)));
}

// Modulo 2^32.
inline std::uint32_t sum_lanes(Ints v) {
  const __m256i eight = _mm256_add_epi32(low_half(v), high_half(v));
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
}

// Section 6 for x <= 88. NaN survives the comparison and ends as NaN; -infinity makes NaN on the way and is cleared.
inline Floats exp_to_88(Floats x) {
  const Mask tiny = less(x, splat(-86.0f));
  const Floats n = nearest(mul(x, splat(1.44269504088896341f)));
  const Floats r = sub(sub(x, mul(n, splat(0.693359375f))), mul(n, splat(-2.12194440e-4f)));
  Floats p = splat(1.9875691500e-4f);
  p = add(mul(p, r), splat(1.3981999507e-3f));
  p = add(mul(p, r), splat(8.3334519073e-3f));
  p = add(mul(p, r), splat(4.1665795894e-2f));
  p = add(mul(p, r), splat(1.6666665459e-1f));
  p = add(mul(p, r), splat(5.0000001201e-1f));
  const Floats y = add(add(mul(p, mul(r, r)), r), splat(1.0f));
  return clear(tiny, scale_by_power(y, n));
}

inline Floats exp_exact(Floats x) { return exp_to_88(min(splat(88.0f), x)); }

// Section 6: cap * tanh(x / cap).
inline Floats soft_cap(Floats x, Floats cap) {
  const Floats e = exp_exact(mul(splat(2.0f), div(x, cap)));
  return mul(cap, sub(splat(1.0f), div(splat(2.0f), add(splat(1.0f), e))));
}

void quantize(const float* x, std::int32_t n, std::int8_t* q, float* d) noexcept {
  const Ints magnitude = splat_int(0x7FFFFFFF);
  for (std::int32_t g = 0; g < n / kGroup; ++g, x += kGroup, q += kGroup) {
    const Floats a = load(x), b = load(x + kLanes);
    const std::int32_t largest = largest_int(max_ints(bit_and(bits(a), magnitude), bit_and(bits(b), magnitude)));
    if (largest >= 0x7F800000 || largest < 0x0D800000) {  // non-finite, or below 2^-100
      d[g] = 0.0f;
      store_bytes(q, zero_ints());
      store_bytes(q + kLanes, zero_ints());
      continue;
    }
    const float amax = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(largest)));
    const Floats r = splat(127.0f / amax);
    d[g] = amax / 127.0f;
    store_bytes(q, to_nearest(mul(a, r)));
    store_bytes(q + kLanes, to_nearest(mul(b, r)));
  }
}

void rms_norm(const float* x, const float* w, std::int32_t n, float eps, float* y) noexcept {
  const std::int32_t whole = n / kLanes * kLanes;
  Floats squares = zeros();
  for (std::int32_t i = 0; i < whole; i += kLanes) {
    const Floats v = load(x + i);
    squares = add(squares, mul(v, v));
  }
  if (whole < n) {
    const Floats v = load_first(x + whole, n - whole);
    squares = add(squares, mul(v, v));
  }
  const float mean = tree(squares) / static_cast<float>(n);
  const Floats r = splat(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps))));
  for (std::int32_t i = 0; i < whole; i += kLanes) store(y + i, mul(mul(load(x + i), r), load(w + i)));
  std::int32_t written = whole;
  if (whole < n) {
    const Mask inside = lane_mask(static_cast<std::uint16_t>((1u << (n - whole)) - 1u));
    const Floats v = mul(mul(load_first(x + whole, n - whole), r), load_first(w + whole, n - whole));
    store(y + whole, keep(inside, v));  // an infinite r makes NaN of the padding before it is cleared
    written += kLanes;
  }
  if (written % kGroup != 0) store(y + written, zeros());
}

void silu_mul(const float* gate, const float* up, std::int32_t n, float* out) noexcept {
  const Ints sign = splat_int(static_cast<std::int32_t>(0x80000000u));
  for (std::int32_t i = 0; i < n; i += kLanes) {
    const Floats g = load(gate + i);
    const Floats e = exp_exact(from_bits(add(bits(g), sign)));  // adding the sign bit flips it: -g
    store(out + i, mul(div(g, add(splat(1.0f), e)), load(up + i)));
  }
}

void add_to(float* x, const float* y, std::int32_t n) noexcept {
  for (std::int32_t i = 0; i < n; i += kLanes) store(x + i, add(load(x + i), load(y + i)));
}

}  // namespace
}  // namespace koan
