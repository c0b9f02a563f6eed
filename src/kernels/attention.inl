// Attention of one row for the query heads of one key/value head (numerics section 8); included after one of the dots
// files. Heads go kTileHeads at a time, so that a key or value is loaded and widened once for all of them.
namespace koan {
namespace {

constexpr std::int32_t kQueryGroups = 32;  // larger heads than 1024 go to the scalar kernel

// [own position, sink position][group][head of the tile]
template <int kHeads>
struct Queries {
  Prepared groups[2][kQueryGroups][kHeads];
};

template <int kHeads>
inline void prepare_query(const AttentionArgs& a, std::int32_t head, bool sink, std::int32_t group, Prepared* out) {
  const std::int32_t groups = a.head_dim / kGroup;
  const std::int8_t* q = (sink ? a.sink_query : a.query) + head * a.head_dim + group * kGroup;
  const float* scale = (sink ? a.sink_query_scale : a.query_scale) + head * groups + group;
  for (int h = 0; h < kHeads; ++h) prepare(q + h * a.head_dim, scale[h * groups], out + h);
}

// With many streams the caches lie in L3 and are read once per token: ask early for the keys some blocks ahead, and for
// the values of this block, which are needed after all scores.
inline void prefetch_block(const AttentionArgs& a, std::int32_t b) {
  constexpr std::int32_t kAhead = 6, kLine = 64;
  const std::size_t dim = static_cast<std::size_t>(a.head_dim);
  const std::int8_t* values = a.values + a.blocks[b].slot * dim * kRowBlock;
  for (std::size_t at = 0; at < dim * kRowBlock; at += kLine) __builtin_prefetch(values + at, 0, 2);
  if (b + kAhead >= a.n_blocks) return;
  const std::int8_t* keys = a.keys + a.blocks[b + kAhead].slot * dim * kRowBlock;
  for (std::size_t at = 0; at < dim * kRowBlock; at += kLine) __builtin_prefetch(keys + at, 0, 3);
}

// Steps 1 to 3 for kBlocks blocks of positions from block b, all with the same query: scores to scratch, the running
// maximum of every head to `largest`. Several blocks at once hide the latency of the sums.
template <int kHeads, int kBlocks>
inline void score_blocks(const AttentionArgs& a, std::int32_t head, const Queries<kHeads>& queries, std::int32_t b,
                         Floats* largest) {
  const std::size_t groups = static_cast<std::size_t>(a.head_dim / kGroup);
  const AttentionBlock* blocks = a.blocks + b;
  for (int i = 0; i < kBlocks; ++i) prefetch_block(a, b + i);
  Floats acc[kBlocks][kHeads];
#pragma GCC unroll 8
  for (int i = 0; i < kBlocks; ++i) {
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) acc[i][h] = zeros();
  }
  for (std::size_t g = 0; g < groups; ++g) {
    const Prepared* p = queries.groups[blocks->sink][g];
    Ints sums[kBlocks][kHeads], bases[kBlocks];
#pragma GCC unroll 8
    for (int i = 0; i < kBlocks; ++i) {
      bases[i] = splat_int(kBaseBits);
#pragma GCC unroll 8
      for (int h = 0; h < kHeads; ++h) sums[i][h] = splat_int(kBaseBits);
    }
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
#pragma GCC unroll 8
      for (int i = 0; i < kBlocks; ++i) {
        const Weights w =
            load_weights(a.keys + ((blocks[i].slot * groups + g) * 8 + static_cast<std::size_t>(k)) * kRowBlock * 4);
        if constexpr (kHasExcess) bases[i] = add_excess(bases[i], w);
#pragma GCC unroll 8
        for (int h = 0; h < kHeads; ++h) sums[i][h] = dot(sums[i][h], w, p[h], k);
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlocks; ++i) {
      const Floats dk = load(a.key_scales + (blocks[i].slot * groups + g) * kRowBlock);
      const Floats base = from_bits(bases[i]);
#pragma GCC unroll 8
      for (int h = 0; h < kHeads; ++h) {
        const Floats isum = sub(from_bits(sums[i][h]), base);
        acc[i][h] = fused(mul(isum, splat(p[h].scale)), dk, acc[i][h]);
      }
    }
  }
  const Floats never = splat(-__builtin_inff());  // not the maximum, and its exponential is +0
#pragma GCC unroll 8
  for (int i = 0; i < kBlocks; ++i) {
    const Mask attended = lane_mask(blocks[i].mask);
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
      const Floats score = replace_non_finite(mul(acc[i][h], splat(a.scale)), kNonFiniteScore);
      const Floats kept = select(attended, score, never);
      store(a.scratch + (static_cast<std::size_t>(head + h) * static_cast<std::size_t>(a.n_blocks) + b + i) * kRowBlock,
            kept);
      largest[h] = max(largest[h], kept);
    }
  }
}

// The soft cap of one head's scores, and their new maximum. Apart from score_blocks, whose registers are all in use.
inline Floats cap_scores(const AttentionArgs& a, std::int32_t head) {
  float* score = a.scratch + static_cast<std::size_t>(head) * static_cast<std::size_t>(a.n_blocks) * kRowBlock;
  const Floats never = splat(-__builtin_inff());
  Floats largest = never;
  for (std::int32_t b = 0; b < a.n_blocks; ++b, score += kRowBlock) {
    const Floats kept = select(lane_mask(a.blocks[b].mask), soft_cap(load(score), splat(a.softcap)), never);
    store(score, kept);
    largest = max(largest, kept);
  }
  return largest;
}

// Step 4: scores of one head become weights; returns 1 / l.
inline float softmax_weights(const AttentionArgs& a, std::int32_t head, Floats largest) {
  float* weight = a.scratch + static_cast<std::size_t>(head) * static_cast<std::size_t>(a.n_blocks) * kRowBlock;
  const Floats m = splat(largest_lane(largest));
  Floats lanes = zeros();
  std::int32_t b = 0;
  for (; b + 2 <= a.n_blocks; b += 2, weight += 2 * kRowBlock) {
    const Floats u = exp_to_88(sub(load(weight), m));
    const Floats v = exp_to_88(sub(load(weight + kRowBlock), m));
    store(weight, u);
    store(weight + kRowBlock, v);
    lanes = add(add(lanes, u), v);
  }
  if (b < a.n_blocks) {
    const Floats u = exp_to_88(sub(load(weight), m));
    store(weight, u);
    lanes = add(lanes, u);
  }
  return 1.0f / tree(lanes);
}

// What step 5 needs of the weights of one value block.
template <int kHeads>
struct alignas(64) Shares {
  std::int32_t words[kHeads][kMostValueBlocks][kRowBlock];  // of share_words
  float scales[kHeads];
};

// The weights of some heads in the blocks [first, last) of one value block, times the scales of group g, as whole
// numbers.
template <int kHeads>
inline void make_shares(const AttentionArgs& a, const float* weight, std::int32_t first, std::int32_t last,
                        std::size_t g, Shares<kHeads>& out) {
  const std::size_t groups = static_cast<std::size_t>(a.head_dim / kGroup);
  for (int h = 0; h < kHeads; ++h, weight += static_cast<std::size_t>(a.n_blocks) * kRowBlock) {
    float scaled[kMostValueBlocks * kRowBlock];
    Floats largest = zeros();
    for (std::int32_t b = first; b < last; ++b) {
      const float* scales = a.value_scales + (a.blocks[b].slot * groups + g) * kRowBlock;
      const Floats p = mul(load(weight + b * kRowBlock), load(scales));
      store(scaled + (b - first) * kRowBlock, p);
      largest = max(largest, p);
    }
    const float amax = largest_lane(largest);
    const bool any = amax >= 0x1p-100f;
    const Floats r = splat(any ? static_cast<float>(kMostShare) / amax : 0.0f);
    out.scales[h] = any ? amax * (1.0f / static_cast<float>(kMostShare)) : 0.0f;
    for (std::int32_t b = 0; b < last - first; ++b)
      store_ints(out.words[h][b], share_words(to_nearest(mul(load(scaled + b * kRowBlock), r))));
  }
}

// Step 5 for the blocks [first, last) of one value block, the elements of group g of some heads: adds to o [head][32].
template <int kHeads>
inline void add_value_block(const AttentionArgs& a, std::int32_t first, std::int32_t last, std::size_t g,
                            const Shares<kHeads>& shares, float* o) {
  const std::size_t groups = static_cast<std::size_t>(a.head_dim / kGroup);
  for (int from = 0; from < kGroup / kLanes; from += kTileValues) {
    Ints one[kHeads][kTileValues], two[kHeads][kTileValues];
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
      for (int v = 0; v < kTileValues; ++v) one[h][v] = two[h][v] = zero_ints();
    }
    for (std::int32_t b = first; b < last; ++b) {
      const std::int8_t* values = a.values + (a.blocks[b].slot * groups + g) * kRowBlock * kGroup;
#pragma GCC unroll 8
      for (int k = 0; k < 4; ++k) {
        Values loaded[kTileValues];
#pragma GCC unroll 8
        for (int v = 0; v < kTileValues; ++v) loaded[v] = load_values(values + ((from + v) * 4 + k) * kRowBlock * 4);
#pragma GCC unroll 8
        for (int h = 0; h < kHeads; ++h) {
          const std::int32_t* words = shares.words[h][b - first] + 4 * k;
#pragma GCC unroll 8
          for (int v = 0; v < kTileValues; ++v) one[h][v] = add_first(one[h][v], loaded[v], words[0]);
#pragma GCC unroll 8
          for (int v = 0; v < kTileValues; ++v) two[h][v] = add_second(two[h][v], loaded[v], words[1]);
        }
      }
    }
#pragma GCC unroll 8
    for (int h = 0; h < kHeads; ++h) {
#pragma GCC unroll 8
      for (int v = 0; v < kTileValues; ++v) {
        float* sum = o + h * kGroup + (from + v) * kLanes;
        store(sum, fused(to_floats(join(one[h][v], two[h][v])), splat(shares.scales[h]), load(sum)));
      }
    }
  }
}

// Steps 5 and 6 for the elements of group g of kHeads heads. Not inlined: the sums need the registers.
template <int kHeads>
__attribute__((noinline)) void sum_values(const AttentionArgs& a, std::int32_t head, std::size_t g,
                                          const float* reciprocal) {
  const float* weight = a.scratch + static_cast<std::size_t>(head) * static_cast<std::size_t>(a.n_blocks) * kRowBlock;
  float o[kHeads * kGroup] = {};
  Shares<kHeads> shares;
  for (std::int32_t first = 0, last = 0; first < a.n_blocks; first = last) {
    const std::uint32_t value_block = a.blocks[first].position / kValueBlock;
    while (last < a.n_blocks && a.blocks[last].position / kValueBlock == value_block) ++last;
    make_shares<kHeads>(a, weight, first, last, g, shares);
    add_value_block<kHeads>(a, first, last, g, shares, o);
  }
  for (int h = 0; h < kHeads; ++h) {
    const Floats r = splat(reciprocal[h]);
    float* out = a.out + static_cast<std::size_t>(head + h) * static_cast<std::size_t>(a.head_dim) + g * kGroup;
    for (int i = 0; i < kGroup; i += kLanes) store(out + i, mul(load(o + h * kGroup + i), r));
  }
}

template <int kHeads>
void attend(const AttentionArgs& a, std::int32_t head) {
  Queries<kHeads> queries;
  const std::int32_t groups = a.head_dim / kGroup;
  bool sinks = false;
  for (std::int32_t b = 0; b < a.n_blocks; ++b) sinks = sinks || a.blocks[b].sink;
  for (std::int32_t g = 0; g < groups; ++g) {
    prepare_query<kHeads>(a, head, false, g, queries.groups[0][g]);
    if (sinks) prepare_query<kHeads>(a, head, true, g, queries.groups[1][g]);
  }
  Floats largest[kHeads];
  for (int h = 0; h < kHeads; ++h) largest[h] = splat(-__builtin_inff());
  std::int32_t b = 0;
  while (b < a.n_blocks) {
    static_assert(kTileBlocks <= 2);  // of more blocks, the ones between would have to agree too
    if (b + kTileBlocks <= a.n_blocks && a.blocks[b].sink == a.blocks[b + kTileBlocks - 1].sink) {
      score_blocks<kHeads, kTileBlocks>(a, head, queries, b, largest);
      b += kTileBlocks;
    } else {
      score_blocks<kHeads, 1>(a, head, queries, b, largest);
      b += 1;
    }
  }
  if (a.softcap != 0) {
    for (int h = 0; h < kHeads; ++h) largest[h] = cap_scores(a, head + h);
  }
  float reciprocal[kHeads];
  for (int h = 0; h < kHeads; ++h) reciprocal[h] = softmax_weights(a, head + h, largest[h]);
  for (std::int32_t g = 0; g < groups; ++g) sum_values<kHeads>(a, head, static_cast<std::size_t>(g), reciprocal);
}

// What is left of the heads: fewer than a tile.
template <int kHeads>
void attend_rest(const AttentionArgs& a, std::int32_t head) {
  if constexpr (kHeads > 0) {
    if (a.heads - head == kHeads) return attend<kHeads>(a, head);
    attend_rest<kHeads - 1>(a, head);
  }
}

void attention(const AttentionArgs& a) noexcept {
  if (a.head_dim > kQueryGroups * kGroup) return scalar_kernels()->attention(a);
  std::int32_t head = 0;
  for (; head + kTileHeads <= a.heads; head += kTileHeads) attend<kTileHeads>(a, head);
  attend_rest<kTileHeads - 1>(a, head);
}

}  // namespace
}  // namespace koan
