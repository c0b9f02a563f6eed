// Linear layers (numerics section 4): tiles of kRows row blocks by kCols columns whose sums stay in registers over all
// groups; included after one of the dots files, which it takes the exact products of a group from.
namespace koan {
namespace {

constexpr std::int32_t kCacheLine = 64;
constexpr std::int32_t kGroupLines = kRowBlock * kGroup / kCacheLine;
constexpr std::int32_t kPrepared = 1536;  // groups prepared at a time, on the stack: up to 104 KiB
#ifndef HINT
#define HINT 3
#endif
constexpr int kAheadHint = HINT;
constexpr std::int32_t kPassCols = 64;  // columns that share one pass over the weights

// Weights are read again for each tile of columns. Where loading them is work, and kReadyGroups says so, the row blocks
// of a tile are loaded once for all columns of a pass: for so many groups that they stay in the L1 cache. Meanwhile the
// row blocks after them are asked for. Fewer columns do not pay for it (kernels_bench).
constexpr bool loads_once(std::int32_t cols) { return kReadyGroups > 0 && cols >= 12; }

// Where a tile is; y is at its first row and column.
struct Tile {
  const std::int8_t* quants;
  const Weights* ready;      // [group][k][row block of the tile]
  const std::int8_t* ahead;  // of each group here some lines are asked for
  std::int32_t ahead_lines;
  const float* scales;
  std::size_t block_groups;  // groups of the whole matrix: from one row block to the next
  std::int32_t groups;       // groups of this pass
  const Prepared* prepared;  // [group][column of the tile], tiles one after the other
  float* y;
  std::size_t y_stride;
  bool first;  // sums start at +0; otherwise at what an earlier pass left in y
};

template <int kRows, int kCols, bool kReady>
inline void multiply_tile(const Tile& t) {
  Floats acc[kRows][kCols];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kCols; ++c) acc[r][c] = t.first ? zeros() : load(t.y + c * t.y_stride + r * kRowBlock);
  }
  const Prepared* p = t.prepared;
  const std::int8_t* quants = t.quants;
  const Weights* ready = t.ready;
  const float* scales = t.scales;
  const std::size_t next_block = t.block_groups * kRowBlock;
  for (std::int32_t g = 0; g < t.groups; ++g) {
    Ints sums[kRows][kCols];
    if constexpr (kReady) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const std::int8_t* ahead = t.ahead + (r * t.block_groups + g) * kRowBlock * kGroup;
        for (std::int32_t i = 0; i < t.ahead_lines; ++i) __builtin_prefetch(ahead + i * kCacheLine, 0, kAheadHint);
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < kCols; ++c) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r][c] = first_sum(p[c]);
    }
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      Weights w[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        w[r] = kReady ? ready[k * kRows + r] : load_weights(quants + r * next_block * kGroup + k * kRowBlock * 4);
#pragma GCC unroll 8
      for (int c = 0; c < kCols; ++c) {
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) sums[r][c] = dot(sums[r][c], w[r], p[c], k);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      // (kBase + isum) * dw - kBase * dw, rounded once, is isum * dw rounded: kBase * dw is exact (PackedMatrix).
      const Floats dw = load(scales + r * next_block);
      const Floats excess = mul(dw, splat(-kBase));
#pragma GCC unroll 8
      for (int c = 0; c < kCols; ++c) {
        acc[r][c] = fused(fused(from_bits(sums[r][c]), dw, excess), splat(p[c].scale), acc[r][c]);
      }
    }
    quants += kRowBlock * kGroup;
    if constexpr (kReady) ready += 8 * kRows;
    scales += kRowBlock;
    p += kCols;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kCols; ++c) store(t.y + c * t.y_stride + r * kRowBlock, acc[r][c]);
  }
}

template <int kRows, int kCols, bool kReady>
void multiply_cols(Tile t, std::int32_t cols) {
  for (; cols >= kCols; cols -= kCols) {
    multiply_tile<kRows, kCols, kReady>(t);
    t.prepared += kCols * t.groups;
    if constexpr (kReady) t.ahead += t.ahead_lines * kCacheLine;
    t.y += kCols * t.y_stride;
  }
  if constexpr (kCols > 1) {
    if (cols > 0) multiply_cols<kRows, kCols - 1, kReady>(t, cols);
  }
}

template <int kRows>
void load_groups(const Tile& t, Weights* out) {
  for (std::int32_t g = 0; g < t.groups; ++g) {
    for (std::int32_t k = 0; k < 8; ++k) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        *out++ = load_weights(t.quants + (r * t.block_groups + g) * kRowBlock * kGroup + k * kRowBlock * 4);
    }
  }
}

template <int kRows, int kCols>
std::int32_t multiply_rows(const Tile& whole, std::int32_t first_block, std::int32_t blocks, std::int32_t cols) {
  Weights ready[kReadyGroups > 0 ? kReadyGroups * 8 * kRows : 1];
  std::int32_t block = first_block;
  for (; block + kRows <= blocks; block += kRows) {
    Tile t = whole;
    const std::size_t offset = static_cast<std::size_t>(block) * t.block_groups * kRowBlock;
    t.quants += offset * kGroup;
    t.scales += offset;
    t.y += static_cast<std::size_t>(block) * kRowBlock;
    if constexpr (kReadyGroups > 0) {
      if (loads_once(cols)) {
        load_groups<kRows>(t, ready);
        t.ready = ready;
        t.ahead = block + 2 * kRows <= blocks ? t.quants + kRows * t.block_groups * kRowBlock * kGroup : t.quants;
        const std::int32_t tiles = (cols + kCols - 1) / kCols;
        t.ahead_lines = (kGroupLines + tiles - 1) / tiles;
        multiply_cols<kRows, kCols, true>(t, cols);
        continue;
      }
    }
    multiply_cols<kRows, kCols, false>(t, cols);
  }
  return block;
}

// `count` groups of `cols` columns that have `groups` each, as the tiles of one pass want them.
void prepare_tiles(const std::int8_t* q, const float* d, std::size_t groups, std::int32_t count, std::int32_t cols,
                   Prepared* out) {
  for (std::int32_t first = 0; first < cols; first += kTileCols) {
    const std::int32_t width = cols - first < kTileCols ? cols - first : kTileCols;
    for (std::int32_t c = 0; c < width; ++c) {
      const std::size_t at = static_cast<std::size_t>(first + c) * groups;
      for (std::int32_t g = 0; g < count; ++g) prepare(q + (at + g) * kGroup, d[at + g], out + g * width + c);
    }
    out += width * count;
  }
}

void matmul(const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n_cols, float* y,
            std::size_t y_stride) noexcept {
  Prepared prepared[kPrepared];
  const std::size_t groups = static_cast<std::size_t>(w.groups);
  for (std::int32_t col = 0; col < n_cols; col += kPassCols) {
    const std::int32_t cols = n_cols - col < kPassCols ? n_cols - col : kPassCols;
    const std::int32_t fit = kPrepared / cols, most = loads_once(cols) && kReadyGroups < fit ? kReadyGroups : fit;
    for (std::int32_t first = 0; first < w.groups; first += most) {
      const std::int32_t count = w.groups - first < most ? w.groups - first : most;
      const std::size_t from = static_cast<std::size_t>(col) * groups + static_cast<std::size_t>(first);
      prepare_tiles(q + from * kGroup, d + from, groups, count, cols, prepared);
      Tile t = {w.quants + static_cast<std::size_t>(first) * kRowBlock * kGroup,
                nullptr,
                nullptr,
                0,
                w.scales + static_cast<std::size_t>(first) * kRowBlock,
                groups,
                count,
                prepared,
                y + static_cast<std::size_t>(col) * y_stride,
                y_stride,
                first == 0};
      const std::int32_t done = multiply_rows<kTileRows, kTileCols>(t, 0, w.row_blocks, cols);
      multiply_rows<1, kTileCols>(t, done, w.row_blocks, cols);
    }
  }
}

}  // namespace
}  // namespace koan
