// Linear layers (numerics section 4): tiles of kTileRows row blocks by kTileCols columns, or kColumnRows by one column
// (several places of the memory read at once), whose sums stay in registers over all groups; included after one of the
// dots files, which it takes the exact products of a group from.
namespace koan {
namespace {

constexpr std::int32_t kCacheLine = 64;
constexpr std::int32_t kGroupLines = kRowBlock * kGroup / kCacheLine;
constexpr std::int32_t kPrepared = 1536;  // groups prepared at a time, on the stack: up to 104 KiB
constexpr std::int32_t kPassCols = 64;    // columns that share one pass over the weights
constexpr std::int32_t kMostGroups = 64;  // of one pass
// The row blocks of a tile meet all columns of a pass. Where those are many, so many groups at a time that the weights
// stay in the L1 cache; meanwhile the row blocks after them are asked for (kernels_bench).
constexpr std::int32_t kManyCols = 12, kCachedGroups = 24;

// Where a tile is; y is at its first row and column.
struct Tile {
  const std::int8_t* quants;
  const Ints* starts;        // [group][row block of the tile], if given
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

// What the sums of a group of sixteen rows start at.
inline Ints start_of(const std::int8_t* block) {
  if constexpr (!kHasExcess) return splat_int(kBaseBits);
  Ints excess = zero_ints();
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) excess = add_excess(excess, load_weights(block + k * kRowBlock * 4));
  return subtract(splat_int(kBaseBits), excess);
}

// kGiven: starts are.
template <int kRows, int kCols, bool kGiven>
inline void multiply_tile(const Tile& t) {
  Floats acc[kRows][kCols];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kCols; ++c) acc[r][c] = t.first ? zeros() : load(t.y + c * t.y_stride + r * kRowBlock);
  }
  const Prepared* p = t.prepared;
  const std::int8_t* quants = t.quants;
  const Ints* starts = t.starts;
  const float* scales = t.scales;
  const std::size_t next_block = t.block_groups * kRowBlock;
  for (std::int32_t g = 0; g < t.groups; ++g) {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const std::int8_t* ahead = t.ahead + (r * t.block_groups + g) * kRowBlock * kGroup;
      for (std::int32_t i = 0; i < t.ahead_lines; ++i) __builtin_prefetch(ahead + i * kCacheLine, 0, 3);
    }
    Ints sums[kRows][kCols];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Ints start = kGiven ? starts[r] : start_of(quants + r * next_block * kGroup);
#pragma GCC unroll 8
      for (int c = 0; c < kCols; ++c) sums[r][c] = start;
    }
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      Weights w[kRows];
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) w[r] = load_weights(quants + r * next_block * kGroup + k * kRowBlock * 4);
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
    if constexpr (kGiven) starts += kRows;
    scales += kRowBlock;
    p += kCols;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kCols; ++c) store(t.y + c * t.y_stride + r * kRowBlock, acc[r][c]);
  }
}

template <int kRows, int kCols, bool kGiven>
void multiply_cols(Tile t, std::int32_t cols) {
  for (; cols >= kCols; cols -= kCols) {
    multiply_tile<kRows, kCols, kGiven>(t);
    t.prepared += kCols * t.groups;
    t.ahead += t.ahead_lines * kCacheLine;
    t.y += kCols * t.y_stride;
  }
  if constexpr (kCols > 1) {
    if (cols > 0) multiply_cols<kRows, kCols - 1, kGiven>(t, cols);
  }
}

template <int kRows, int kCols>
std::int32_t multiply_rows(const Tile& whole, std::int32_t first_block, std::int32_t blocks, std::int32_t cols) {
  Ints starts[kHasExcess ? kMostGroups * kRows : 1];
  std::int32_t block = first_block;
  for (; block + kRows <= blocks; block += kRows) {
    Tile t = whole;
    const std::size_t offset = static_cast<std::size_t>(block) * t.block_groups * kRowBlock;
    t.quants += offset * kGroup;
    t.scales += offset;
    t.y += static_cast<std::size_t>(block) * kRowBlock;
    if (cols >= kManyCols && block + 2 * kRows <= blocks) {
      const std::int32_t tiles = (cols + kCols - 1) / kCols;
      t.ahead = t.quants + kRows * t.block_groups * kRowBlock * kGroup;
      t.ahead_lines = (kGroupLines + tiles - 1) / tiles;
    }
    if (!kHasExcess || cols <= kCols) {  // nothing to compute, or for one tile alone
      multiply_cols<kRows, kCols, false>(t, cols);
      continue;
    }
    for (std::int32_t g = 0; g < t.groups; ++g) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
        starts[g * kRows + r] = start_of(t.quants + (r * t.block_groups + g) * kRowBlock * kGroup);
    }
    t.starts = starts;
    multiply_cols<kRows, kCols, true>(t, cols);
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
    const std::int32_t fit = kPrepared / cols, wanted = cols >= kManyCols ? kCachedGroups : kMostGroups;
    const std::int32_t most = wanted < fit ? wanted : fit;
    for (std::int32_t first = 0; first < w.groups; first += most) {
      const std::int32_t count = w.groups - first < most ? w.groups - first : most;
      const std::size_t from = static_cast<std::size_t>(col) * groups + static_cast<std::size_t>(first);
      prepare_tiles(q + from * kGroup, d + from, groups, count, cols, prepared);
      Tile t = {w.quants + static_cast<std::size_t>(first) * kRowBlock * kGroup,
                nullptr,
                w.quants,
                0,
                w.scales + static_cast<std::size_t>(first) * kRowBlock,
                groups,
                count,
                prepared,
                y + static_cast<std::size_t>(col) * y_stride,
                y_stride,
                first == 0};
      const std::int32_t done = cols == 1 ? multiply_rows<kColumnRows, 1>(t, 0, w.row_blocks, 1)
                                          : multiply_rows<kTileRows, kTileCols>(t, 0, w.row_blocks, cols);
      multiply_rows<1, kTileCols>(t, done, w.row_blocks, cols);
    }
  }
}

}  // namespace
}  // namespace koan
