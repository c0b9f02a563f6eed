// Linear layers (numerics section 4) with AMX: one tile product multiplies sixteen columns by sixteen rows over a
// group, signed bytes by signed bytes, and its sums are as exact as those of vectors. Scaling and adding up stay with
// AVX-512. Included after matmul.inl, which takes what is too narrow for tiles.
namespace koan {
namespace {

constexpr std::int32_t kTileSide = 16;
constexpr std::int32_t kLeastCols = 3;  // narrower products are faster on vectors (kernels_bench)
constexpr std::int32_t kBundles = 144;  // prepared at a time, on the stack: 81 KiB
constexpr std::int32_t kMostTiles = 8;  // of columns, in one pass over the weights

// One group of sixteen columns; columns that do not exist are zero.
struct alignas(64) Bundle {
  std::int8_t quants[kTileSide][kGroup];
  float scales[kTileSide];
};

// The operand of LDTILECFG, for palette 1.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  // Registers 0, 1: sums [column][row]; 2, 3: activations [column][32 inputs]; 4, 5: weights [4 inputs][row][4].
  std::uint16_t row_bytes[16] = {64, 64, kGroup, kGroup, 64, 64};
  std::uint8_t rows[16] = {kTileSide, kTileSide, kTileSide, kTileSide, kGroup / 4, kGroup / 4};
};

struct alignas(64) Sums {
  std::int32_t at[kTileSide][kTileSide];
};

// The intrinsics name registers by literals. Two sets, so that one product need not wait for the other.
template <int kSet>
inline void multiply_group(const Bundle& columns, const std::int8_t* weights, Sums& out) {
  if constexpr (kSet == 0) {
    _tile_zero(0);
    _tile_loadd(2, columns.quants, kGroup);
    _tile_loadd(4, weights, kRowBlock * 4);
    _tile_dpbssd(0, 2, 4);
    _tile_stored(0, out.at, sizeof out.at[0]);
  } else {
    _tile_zero(1);
    _tile_loadd(3, columns.quants, kGroup);
    _tile_loadd(5, weights, kRowBlock * 4);
    _tile_dpbssd(1, 3, 5);
    _tile_stored(1, out.at, sizeof out.at[0]);
  }
}

template <int kCols>
inline void add_group(const Sums& sums, const float* weight_scales, const Bundle& columns, Floats* acc) {
  const Floats dw = load(weight_scales);
#pragma GCC unroll 16
  for (int c = 0; c < kCols; ++c)
    acc[c] = fused(mul(to_floats(load_ints(sums.at[c])), dw), splat(columns.scales[c]), acc[c]);
}

// Where one row block meets up to sixteen columns; the first of them is y's.
struct Crossing {
  const std::int8_t* quants;
  const float* scales;
  const Bundle* bundles;  // [group]
  std::int32_t groups;    // of this pass
  std::int32_t cols;
  float* y;
  std::size_t y_stride;
  bool first;  // sums start at +0; otherwise at what an earlier pass left in y
};

// Groups 2p and 2p + 1. Their sums are added up after the next pair was multiplied, which is some percent faster than
// at once (kernels_bench).
inline void multiply_pair(const Crossing& t, std::int32_t p, Sums* out) {
  const std::int8_t* quants = t.quants + p * 2 * kRowBlock * kGroup;
  multiply_group<0>(t.bundles[2 * p], quants, out[0]);
  multiply_group<1>(t.bundles[2 * p + 1], quants + kRowBlock * kGroup, out[1]);
}

template <int kCols>
inline void add_pair(const Crossing& t, std::int32_t p, const Sums* sums, Floats* acc) {
  const float* scales = t.scales + p * 2 * kRowBlock;
  add_group<kCols>(sums[0], scales, t.bundles[2 * p], acc);
  add_group<kCols>(sums[1], scales + kRowBlock, t.bundles[2 * p + 1], acc);
}

// kCols: cols rounded up.
template <int kCols>
void multiply_crossing(const Crossing& t) {
  Floats acc[kCols];
#pragma GCC unroll 16
  for (int c = 0; c < kCols; ++c) acc[c] = t.first || c >= t.cols ? zeros() : load(t.y + c * t.y_stride);
  Sums sums[2][2];
  const std::int32_t pairs = t.groups / 2;
  if (pairs > 0) multiply_pair(t, 0, sums[0]);
  for (std::int32_t p = 1; p < pairs; ++p) {
    multiply_pair(t, p, sums[p % 2]);
    add_pair<kCols>(t, p - 1, sums[(p - 1) % 2], acc);
  }
  if (pairs > 0) add_pair<kCols>(t, pairs - 1, sums[(pairs - 1) % 2], acc);
  if (t.groups % 2 != 0) {
    const std::int32_t g = t.groups - 1;
    multiply_group<0>(t.bundles[g], t.quants + g * kRowBlock * kGroup, sums[0][0]);
    add_group<kCols>(sums[0][0], t.scales + g * kRowBlock, t.bundles[g], acc);
  }
#pragma GCC unroll 16
  for (int c = 0; c < kCols; ++c) {
    if (c < t.cols) store(t.y + c * t.y_stride, acc[c]);
  }
}

void multiply_crossing(const Crossing& t) {
  if (t.cols > 12) return multiply_crossing<16>(t);
  if (t.cols > 8) return multiply_crossing<12>(t);
  if (t.cols > 4) return multiply_crossing<8>(t);
  multiply_crossing<4>(t);
}

// `cols` columns of [cols][groups of the matrix], `count` groups of them from `first`, into [tile][group].
void bundle(const std::int8_t* q, const float* d, std::size_t groups, std::int32_t cols, std::int32_t first,
            std::int32_t count, Bundle* out) {
  for (std::int32_t col = 0; col < cols; col += kTileSide) {
    for (std::int32_t g = 0; g < count; ++g, ++out) {
      for (std::int32_t c = 0; c < kTileSide; ++c) {
        const bool real = col + c < cols;
        const std::size_t at = static_cast<std::size_t>(col + c) * groups + static_cast<std::size_t>(first + g);
        const __m256i bytes =
            real ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + at * kGroup)) : _mm256_setzero_si256();
        _mm256_store_si256(reinterpret_cast<__m256i*>(out->quants[c]), bytes);
        out->scales[c] = real ? d[at] : 0.0f;
      }
    }
  }
  __asm__ volatile("" ::: "memory");  // tile loads do not tell the compiler what they read
}

// All row blocks with columns that are bundled, over `count` groups from `first`; y begins at their first column.
void multiply_bundles(const PackedMatrix& w, const Bundle* bundles, std::int32_t first, std::int32_t count,
                      std::int32_t cols, float* y, std::size_t y_stride) {
  const auto groups = static_cast<std::size_t>(w.groups);
  for (std::int32_t block = 0; block < w.row_blocks; ++block) {
    const std::size_t offset = (static_cast<std::size_t>(block) * groups + static_cast<std::size_t>(first)) * kRowBlock;
    for (std::int32_t c = 0; c < cols; c += kTileSide) {
      multiply_crossing({w.quants + offset * kGroup, w.scales + offset, bundles + c / kTileSide * count, count,
                         cols - c < kTileSide ? cols - c : kTileSide,
                         y + static_cast<std::size_t>(c) * y_stride + static_cast<std::size_t>(block) * kRowBlock,
                         y_stride, first == 0});
    }
  }
}

// Columns enough for tiles.
void multiply_wide(const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n_cols, float* y,
                   std::size_t y_stride) {
  const TileConfig config;
  _tile_loadconfig(&config);
  Bundle bundles[kBundles];
  const auto groups = static_cast<std::size_t>(w.groups);
  const std::int32_t fit = kBundles / (w.groups > 0 ? w.groups : 1);
  const std::int32_t pass_cols = (fit < 1 ? 1 : fit < kMostTiles ? fit : kMostTiles) * kTileSide;
  for (std::int32_t col = 0; col < n_cols; col += pass_cols) {
    const std::int32_t cols = n_cols - col < pass_cols ? n_cols - col : pass_cols;
    const std::size_t from = static_cast<std::size_t>(col) * groups;
    for (std::int32_t first = 0; first < w.groups; first += kBundles) {
      const std::int32_t count = w.groups - first < kBundles ? w.groups - first : kBundles;
      bundle(q + from * kGroup, d + from, groups, cols, first, count, bundles);
      multiply_bundles(w, bundles, first, count, cols, y + static_cast<std::size_t>(col) * y_stride, y_stride);
    }
  }
  _tile_release();
}

void matmul_amx(const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n_cols, float* y,
                std::size_t y_stride) noexcept {
  const std::int32_t rest = n_cols % kTileSide, narrow = rest < kLeastCols ? rest : 0, wide = n_cols - narrow;
  if (wide > 0) multiply_wide(w, q, d, wide, y, y_stride);
  if (narrow == 0) return;
  const std::size_t from = static_cast<std::size_t>(wide) * static_cast<std::size_t>(w.groups);
  matmul(w, q + from * kGroup, d + from, narrow, y + static_cast<std::size_t>(wide) * y_stride, y_stride);
}

std::uint64_t int8_peak_amx(std::uint64_t iterations, std::int32_t* sink) noexcept {
  TileConfig config;
  for (int i = 0; i < 8; ++i) {
    config.row_bytes[i] = 64;
    config.rows[i] = 16;
  }
  _tile_loadconfig(&config);
  Sums in = {};
  in.at[0][0] = *sink;
  __asm__ volatile("" ::: "memory");
  _tile_loadd(6, in.at, 64);
  _tile_loadd(7, in.at, 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::uint64_t n = 0; n < iterations; ++n) {
    _tile_dpbssd(0, 6, 7);
    _tile_dpbssd(1, 6, 7);
    _tile_dpbssd(2, 6, 7);
    _tile_dpbssd(3, 6, 7);
  }
  Sums out;
  _tile_stored(0, out.at, 64);
  _tile_release();
  *sink = out.at[0][0];
  return iterations * 4 * 16 * 16 * 64;
}

}  // namespace
}  // namespace koan
