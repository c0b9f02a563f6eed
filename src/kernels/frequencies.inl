// From logits to integer frequencies (numerics section 9), and searching them; included after elementwise.inl.
namespace koan {
namespace {

inline Mask first_lanes(std::int32_t count) { return lane_mask(static_cast<std::uint16_t>((1u << count) - 1u)); }

// The last vector is filled up with -infinity, which is never the largest and whose exponential is +0.
float finite_logits(float* logits, std::int32_t n, std::int32_t padded) {
  Floats a = splat(-__builtin_inff()), b = a;
  std::int32_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Floats u = replace_non_finite(load(logits + i), kNonFiniteScore);
    const Floats v = replace_non_finite(load(logits + i + kLanes), kNonFiniteScore);
    store(logits + i, u);
    store(logits + i + kLanes, v);
    a = max(a, u);
    b = max(b, v);
  }
  for (; i < padded; i += kLanes) {
    Floats u = replace_non_finite(load(logits + i), kNonFiniteScore);
    if (n - i < kLanes) u = select(first_lanes(n - i), u, splat(-__builtin_inff()));
    store(logits + i, u);
    a = max(a, u);
  }
  return largest_lane(max(a, b));
}

std::uint32_t frequencies(float* logits, std::int32_t n, std::uint32_t* freqs) noexcept {
  const std::int32_t padded = (n + kLanes - 1) / kLanes * kLanes;
  const Floats m = splat(finite_logits(logits, n, padded));
  Floats lanes = zeros();
  std::int32_t i = 0;
  for (; i + 2 * kLanes <= padded; i += 2 * kLanes) {
    const Floats u = exp_to_88(sub(load(logits + i), m));
    const Floats v = exp_to_88(sub(load(logits + i + kLanes), m));
    store(logits + i, u);
    store(logits + i + kLanes, v);
    lanes = add(add(lanes, u), v);
  }
  for (; i < padded; i += kLanes) {
    const Floats u = exp_to_88(sub(load(logits + i), m));
    store(logits + i, u);
    lanes = add(lanes, u);
  }
  const Floats c = splat(1610612736.0f / tree(lanes));
  const Ints one = splat_int(1);
  Ints total = zero_ints();  // below 2^31 over all lanes, section 9
  for (i = 0; i < padded; i += kLanes) {
    const Ints f = add(one, truncate(mul(load(logits + i), c)));
    store_ints(freqs + i, f);
    total = add(total, f);
  }
  return sum_lanes(total) - static_cast<std::uint32_t>(padded - n);  // the padding counted one each
}

std::uint32_t sum(const std::uint32_t* freqs, std::int32_t n) noexcept {
  Ints a = zero_ints(), b = a, c = a, d = a;
  std::int32_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    a = add(a, load_ints(freqs + i));
    b = add(b, load_ints(freqs + i + kLanes));
    c = add(c, load_ints(freqs + i + 2 * kLanes));
    d = add(d, load_ints(freqs + i + 3 * kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) a = add(a, load_ints(freqs + i));
  if (i < n) b = add(b, load_first_ints(freqs + i, n - i));
  return sum_lanes(add(add(a, b), add(c, d)));
}

std::int32_t find(const std::uint32_t* freqs, std::int32_t n, std::uint32_t target, std::uint32_t* start) noexcept {
  std::uint32_t before = 0;
  std::int32_t symbol = 0;
  for (std::int32_t step = 256; step >= kLanes;
       step /= 4) {  // 256, 64, 16: skips whole runs that end at or before the target
    while (symbol + step < n) {
      const std::uint32_t run = sum(freqs + symbol, step);
      if (target - before < run) break;
      before += run;
      symbol += step;
    }
  }
  while (symbol + 1 < n && target - before >= freqs[symbol]) before += freqs[symbol++];
  *start = before;
  return symbol;
}

}  // namespace
}  // namespace koan
