// The scalar kernels: the definition of docs/numerics.md in plain loops. Every other instruction set is compared with
// these bit for bit. Section numbers below are those of that page.
#include <bit>

#include "kernels/kernels.h"
#include "kernels/scalar_math.h"

namespace koan {
namespace {

static_assert(__FLT_EVAL_METHOD__ == 0, "every operation rounds to binary32 on its own");

constexpr std::int32_t kLanes = 16;

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

// The tree of section 5.
float tree(float* lane) {
  for (std::int32_t h = kLanes / 2; h > 0; h /= 2) {
    for (std::int32_t i = 0; i < h; ++i) lane[i] += lane[i + h];
  }
  return lane[0];
}

// Section 3.
void quantize(const float* x, std::int32_t n, std::int8_t* q, float* d) noexcept {
  for (std::int32_t g = 0; g < n / kGroup; ++g, x += kGroup, q += kGroup) {
    std::uint32_t largest = 0;
    for (std::int32_t i = 0; i < kGroup; ++i) {
      const std::uint32_t magnitude = bits(x[i]) & 0x7FFFFFFFu;
      if (magnitude > largest) largest = magnitude;
    }
    if (largest >= 0x7F800000u || largest < bits(0x1p-100f)) {
      d[g] = 0.0f;
      for (std::int32_t i = 0; i < kGroup; ++i) q[i] = 0;
      continue;
    }
    const float amax = std::bit_cast<float>(largest);
    const float r = 127.0f / amax;
    d[g] = amax * (1.0f / 127.0f);
    for (std::int32_t i = 0; i < kGroup; ++i) q[i] = static_cast<std::int8_t>(rne(x[i] * r));
  }
}

// Exact product of one group of a 16-row block (rows, or cached keys) with 32 activations; `block` is [8][16][4].
// |result| <= 32 * 128 * 127 < 2^20.
std::int32_t group_dot(const std::int8_t* block, std::int32_t lane, const std::int8_t* q) {
  std::int32_t isum = 0;
  for (std::int32_t k = 0; k < 8; ++k) {
    for (std::int32_t j = 0; j < 4; ++j) isum += block[(k * kRowBlock + lane) * 4 + j] * q[k * 4 + j];
  }
  return isum;
}

// Section 4.
void matmul(const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n_cols, float* y,
            std::size_t y_stride) noexcept {
  const std::size_t groups = static_cast<std::size_t>(w.groups);
  for (std::size_t c = 0; c < static_cast<std::size_t>(n_cols); ++c) {
    for (std::size_t block = 0; block < static_cast<std::size_t>(w.row_blocks); ++block) {
      for (std::int32_t lane = 0; lane < kRowBlock; ++lane) {
        float acc = 0.0f;
        for (std::size_t g = 0; g < groups; ++g) {
          const std::size_t tile = block * groups + g;
          const std::int32_t isum =
              group_dot(w.quants + tile * kRowBlock * kGroup, lane, q + (c * groups + g) * kGroup);
          const float dw = w.scales[tile * kRowBlock + static_cast<std::size_t>(lane)];
          acc = fused(static_cast<float>(isum) * dw, d[c * groups + g], acc);
        }
        y[c * y_stride + block * kRowBlock + static_cast<std::size_t>(lane)] = acc;
      }
    }
  }
}

// Section 5.
void rms_norm(const float* x, const float* w, std::int32_t n, float eps, float* y) noexcept {
  float lane[kLanes] = {};
  for (std::int32_t i = 0; i < n; ++i) lane[i % kLanes] = fused(x[i], x[i], lane[i % kLanes]);
  const float mean = tree(lane) / static_cast<float>(n);
  const float r = 1.0f / __builtin_sqrtf(mean + eps);  // the hardware square root, which IEEE-754 rounds correctly
  for (std::int32_t i = 0; i < n; ++i) y[i] = (x[i] * r) * w[i];
  for (std::int32_t i = n; i % kGroup != 0; ++i) y[i] = 0.0f;
}

void silu_mul(const float* gate, const float* up, std::int32_t n, float* out) noexcept {
  for (std::int32_t i = 0; i < n; ++i) out[i] = (gate[i] / (1.0f + exp_exact(-gate[i]))) * up[i];
}

void gelu_mul(const float* gate, const float* up, std::int32_t n, float* out) noexcept {
  for (std::int32_t i = 0; i < n; ++i) out[i] = gelu(gate[i]) * up[i];
}

void cap_all(float* x, std::int32_t n, float cap) noexcept {
  for (std::int32_t i = 0; i < n; ++i) x[i] = soft_cap(finite_or_least(x[i]), cap);
}

void add(float* x, const float* y, std::int32_t n) noexcept {
  for (std::int32_t i = 0; i < n; ++i) x[i] = x[i] + y[i];
}

// Section 8, steps 2 to 4, for one head: weights of all positions into `weight` [n_blocks * 16], 0 where not attended;
// returns l.
float attention_weights(const AttentionArgs& a, std::int32_t head, float* weight) {
  const std::int32_t groups = a.head_dim / kGroup;
  float largest = -__builtin_inff();
  for (std::int32_t b = 0; b < a.n_blocks; ++b) {
    const AttentionBlock& block = a.blocks[b];
    const std::int8_t* query = (block.sink ? a.sink_query : a.query) + head * a.head_dim;
    const float* query_scale = (block.sink ? a.sink_query_scale : a.query_scale) + head * groups;
    const std::int8_t* keys =
        a.keys + static_cast<std::size_t>(block.slot) * static_cast<std::size_t>(a.head_dim) * kRowBlock;
    const float* key_scales =
        a.key_scales + static_cast<std::size_t>(block.slot) * static_cast<std::size_t>(groups) * kRowBlock;
    for (std::int32_t lane = 0; lane < kRowBlock; ++lane) {
      if (!(block.mask >> lane & 1)) continue;
      float acc = 0.0f;
      for (std::int32_t g = 0; g < groups; ++g) {
        const std::int32_t isum = group_dot(keys + g * kRowBlock * kGroup, lane, query + g * kGroup);
        acc = fused(static_cast<float>(isum) * query_scale[g], key_scales[g * kRowBlock + lane], acc);
      }
      float score = finite_or_least(acc * a.scale);
      if (a.softcap != 0) score = soft_cap(score, a.softcap);
      if (score > largest) largest = score;
      weight[b * kRowBlock + lane] = score;
    }
  }
  float lane_sum[kLanes] = {};
  for (std::int32_t i = 0; i < a.n_blocks * kRowBlock; ++i) {
    const bool attended = a.blocks[i / kRowBlock].mask >> (i % kRowBlock) & 1;
    weight[i] = attended ? exp_exact(weight[i] - largest) : 0.0f;
    if (attended) lane_sum[i % kLanes] += weight[i];
  }
  return tree(lane_sum);
}

// isum[e] += the products of a block's shares with its values of element e; the values lie as value_at says.
void add_products(const std::int32_t* share, const std::int8_t* values, std::int32_t* isum) {
  for (std::int32_t half = 0; half < kGroup; half += 16) {
    for (std::int32_t quad = 0; quad < kRowBlock; quad += 4) {
      for (std::int32_t i = 0; i < 16; ++i, values += 4) {
        for (std::int32_t j = 0; j < 4; ++j) isum[half + i] += share[quad + j] * values[j];
      }
    }
  }
}

// Section 8, step 5, for the blocks [first, last) of one value block and the elements of group g of one head: adds to
// o[32]. The weight of a position that is not attended is +0.
void add_value_block(const AttentionArgs& a, const float* weight, std::int32_t first, std::int32_t last, std::int32_t g,
                     float* o) {
  const std::int32_t n = (last - first) * kRowBlock;
  const auto group_of = [&](std::int32_t b) {
    return a.blocks[b].slot * static_cast<std::size_t>(a.head_dim / kGroup) + static_cast<std::size_t>(g);
  };
  float scaled[kMostValueBlocks * kRowBlock], amax = 0.0f;
  for (std::int32_t i = 0; i < n; ++i) {
    const std::int32_t b = first + i / kRowBlock;
    scaled[i] = weight[first * kRowBlock + i] *
                a.value_scales[group_of(b) * kRowBlock + static_cast<std::size_t>(i % kRowBlock)];
    if (scaled[i] > amax) amax = scaled[i];
  }
  if (amax < 0x1p-100f) return;
  const float r = static_cast<float>(kMostShare) / amax;
  std::int32_t isum[kGroup] = {};  // below 2^30 in size
  for (std::int32_t b = first; b < last; ++b) {
    std::int32_t share[kRowBlock];
    for (std::int32_t lane = 0; lane < kRowBlock; ++lane)
      share[lane] = static_cast<std::int32_t>(rne(scaled[(b - first) * kRowBlock + lane] * r));
    add_products(share, a.values + group_of(b) * kRowBlock * kGroup, isum);
  }
  const float d = amax * (1.0f / static_cast<float>(kMostShare));
  for (std::int32_t e = 0; e < kGroup; ++e) o[e] = fused(static_cast<float>(isum[e]), d, o[e]);
}

// Section 8, steps 5 and 6, for the elements of group g of one head.
void sum_values(const AttentionArgs& a, const float* weight, std::int32_t g, float reciprocal, float* out) {
  float o[kGroup] = {};
  for (std::int32_t first = 0, last = 0; first < a.n_blocks; first = last) {
    while (last < a.n_blocks && a.blocks[last].position / kValueBlock == a.blocks[first].position / kValueBlock) ++last;
    add_value_block(a, weight, first, last, g, o);
  }
  for (std::int32_t i = 0; i < kGroup; ++i) out[i] = o[i] * reciprocal;
}

void attention(const AttentionArgs& a) noexcept {
  for (std::int32_t head = 0; head < a.heads; ++head) {
    float* weight = a.scratch + static_cast<std::size_t>(head) * static_cast<std::size_t>(a.n_blocks) * kRowBlock;
    const float r = 1.0f / attention_weights(a, head, weight);
    for (std::int32_t g = 0; g < a.head_dim / kGroup; ++g)
      sum_values(a, weight, g, r, a.out + head * a.head_dim + g * kGroup);
  }
}

// Section 9.
std::uint32_t frequencies(float* logits, std::int32_t n, std::uint32_t* freqs) noexcept {
  float largest = -__builtin_inff();
  for (std::int32_t i = 0; i < n; ++i) {
    logits[i] = finite_or_least(logits[i]);
    if (logits[i] > largest) largest = logits[i];
  }
  float lane[kLanes] = {};
  for (std::int32_t i = 0; i < n; ++i) {
    logits[i] = exp_exact(logits[i] - largest);
    lane[i % kLanes] += logits[i];
  }
  const float c = 1610612736.0f / tree(lane);
  std::uint32_t total = 0;  // below 2^31, section 9
  for (std::int32_t i = 0; i < n; ++i) {
    freqs[i] = 1u + static_cast<std::uint32_t>(logits[i] * c);
    total += freqs[i];
  }
  return total;
}

std::uint32_t sum(const std::uint32_t* freqs, std::int32_t n) noexcept {
  std::uint32_t total = 0;
  for (std::int32_t i = 0; i < n; ++i) total += freqs[i];
  return total;
}

std::int32_t find(const std::uint32_t* freqs, std::int32_t n, std::uint32_t target, std::uint32_t* start) noexcept {
  std::uint32_t before = 0;
  std::int32_t symbol = 0;
  while (symbol + 1 < n && target - before >= freqs[symbol]) before += freqs[symbol++];
  *start = before;
  return symbol;
}

std::uint64_t int8_peak(std::uint64_t iterations, std::int32_t* sink) noexcept {
  constexpr std::int32_t kSize = 64;
  std::int8_t a[kSize];
  for (std::int32_t i = 0; i < kSize; ++i) a[i] = static_cast<std::int8_t>(i + *sink);
  std::uint32_t total = 0;  // wraps
  for (std::uint64_t n = 0; n < iterations; ++n) {
    const std::int32_t b = static_cast<std::int32_t>(n & 127);
    for (std::int32_t i = 0; i < kSize; ++i) total += static_cast<std::uint32_t>(a[i] * b);
  }
  *sink = static_cast<std::int32_t>(total);
  return iterations * kSize;
}

// Section 12.
std::int32_t mix(const std::int32_t* weights, const std::int16_t* inputs) noexcept {
  std::int32_t sum = 0;
  for (int i = 0; i < kMixInputs; ++i) sum += (weights[i] >> 4) * inputs[i];
  return sum;
}

void mix_learn(std::int32_t* weights, const std::int16_t* inputs, std::int32_t error) noexcept {
  for (int i = 0; i < kMixInputs; ++i) {
    const std::int32_t moved = weights[i] + ((inputs[i] * error + (1 << 15)) >> 16);
    weights[i] = moved > kMixMostWeight ? kMixMostWeight : moved < -kMixMostWeight ? -kMixMostWeight : moved;
  }
}

constexpr Kernels kScalar = {"scalar",  quantize,    matmul, rms_norm, silu_mul, gelu_mul,  cap_all,  add,
                             attention, frequencies, sum,    find,     mix,      mix_learn, int8_peak};

}  // namespace

const Kernels* scalar_kernels() noexcept { return &kScalar; }

}  // namespace koan
