// Quantisation, norm, exp and friends over sixteen lanes (numerics sections 3, 5 and 6); included after one of the
// lanes files (on x86 and reductions_x86.inl).
namespace koan {
namespace {

constexpr std::int32_t kLanes = 16;
// Adding a whole number below 2^22 in size to the bits of this one adds it to its value. Sums of products that start
// here are floats, too large by kBase, without being converted.
constexpr float kBase = 0x1.8p23f;
constexpr std::int32_t kBaseBits = 0x4B400000;
constexpr float kNonFiniteScore = -0x1p120f;  // stands for a score or logit that is not finite

// Section 6 for x <= 88. NaN survives the comparison and ends as NaN; -infinity makes NaN on the way and is cleared.
inline Floats exp_to_88(Floats x) {
  const Mask tiny = less(x, splat(-86.0f));
  const Floats t = mul(x, splat(kLog2E));
  const Floats n = nearest(t);
  const Floats f = sub(t, n);
  Floats p = splat(kExp2[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 6; ++i) p = fused(p, f, splat(kExp2[i]));
  return clear(tiny, scale_by_power(p, n));
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
    const float amax = float_of(largest);
    const Floats r = splat(127.0f / amax);
    d[g] = amax * (1.0f / 127.0f);
    store_bytes(q, to_nearest(mul(a, r)));
    store_bytes(q + kLanes, to_nearest(mul(b, r)));
  }
}

void rms_norm(const float* x, const float* w, std::int32_t n, float eps, float* y) noexcept {
  const std::int32_t whole = n / kLanes * kLanes;
  Floats squares = zeros();
  for (std::int32_t i = 0; i < whole; i += kLanes) {
    const Floats v = load(x + i);
    squares = fused(v, v, squares);
  }
  if (whole < n) {
    const Floats v = load_first(x + whole, n - whole);
    squares = fused(v, v, squares);
  }
  const float mean = tree(squares) / static_cast<float>(n);
  const Floats r = splat(1.0f / square_root(mean + eps));
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

// g / (1 + exp(-z)).
inline Floats times_sigmoid(Floats g, Floats z) {
  const Ints sign = splat_int(static_cast<std::int32_t>(0x80000000u));
  const Floats e = exp_exact(from_bits(add(bits(z), sign)));  // adding the sign bit flips it: -z
  return div(g, add(splat(1.0f), e));
}

void silu_mul(const float* gate, const float* up, std::int32_t n, float* out) noexcept {
  for (std::int32_t i = 0; i < n; i += kLanes) {
    const Floats g = load(gate + i);
    store(out + i, mul(times_sigmoid(g, g), load(up + i)));
  }
}

void gelu_mul(const float* gate, const float* up, std::int32_t n, float* out) noexcept {
  for (std::int32_t i = 0; i < n; i += kLanes) {
    const Floats g = load(gate + i);
    const Floats z = mul(mul(splat(1.5957691216057308f), g), add(splat(1.0f), mul(splat(0.044715f), mul(g, g))));
    store(out + i, mul(times_sigmoid(g, z), load(up + i)));
  }
}

void cap_all(float* x, std::int32_t n, float cap) noexcept {
  for (std::int32_t i = 0; i < n; i += kLanes)
    store(x + i, soft_cap(replace_non_finite(load(x + i), kNonFiniteScore), splat(cap)));
}

void add_to(float* x, const float* y, std::int32_t n) noexcept {
  for (std::int32_t i = 0; i < n; i += kLanes) store(x + i, add(load(x + i), load(y + i)));
}

}  // namespace
}  // namespace koan
