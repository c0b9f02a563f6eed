// The handful of exact kernels that inference is made of, and the choice of an instruction set at run time.
// Every function follows docs/numerics.md to the bit; the scalar table is the definition and the others are compared
// with it.
//
// Shapes: `in` and head sizes are multiples of 32 (padded by the caller), output rows are padded to multiples of 16.
// All pointers are 64-byte aligned unless said. Functions are total, noexcept, allocate nothing and keep no state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace koan {

inline constexpr int kGroup = 32;     // elements that share a scale
inline constexpr int kRowBlock = 16;  // output rows, or cached positions, that are stored side by side
inline constexpr int kMixInputs = 32;
inline constexpr std::int32_t kMixMostWeight = (1 << 18) - 1;
inline constexpr int kValueBlock = 128;  // positions whose weights share a scale (numerics 8.5)
inline constexpr int kMostValueBlocks = kValueBlock / kRowBlock + 1;  // block 0 may be there twice: as sinks, and not
inline constexpr int kMostShare = 32639;  // the largest of their weights: 0x7F7F, so that signed bytes can make it up

// Section 6. Coefficients of 2^f for |f| <= 1/2, the highest power first: a fit of least relative error, 1.7e-7 when
// evaluated in binary32. The last is 1, so that exp(0) is. (Not inline: what instruction sets are compiled for exports
// nothing.)
constexpr float kExp2[] = {0.0013264727f, 0.009671513f, 0.055507336f, 0.24022242f, 0.693147f, 1.0f};
inline constexpr float kLog2E = 1.44269504088896341f;

// int8 matrix [rows, in], stored for 16 rows at a time so that one vector holds 4 inputs of 16 rows:
// quants[row_block][group][k = 0..7][lane = 0..15][j = 0..3] = weight(row_block*16 + lane, group*32 + k*4 + j)
// scales[row_block][group][lane], finite and of at most 22 significant bits (numerics 2), so that 3 * 2^22 times a
// scale is exact. Rows beyond the true count have zero quants and scales.
struct PackedMatrix {
  const std::int8_t* quants;
  const float* scales;
  std::int32_t row_blocks;  // padded rows / 16
  std::int32_t groups;      // in / 32
};

// Sixteen consecutive cached positions of one key/value head. `slot` indexes the arrays in AttentionArgs.
struct AttentionBlock {
  std::uint32_t slot;
  std::uint32_t position;  // of lane 0; a multiple of 16
  std::uint16_t mask;      // bit i: position + i is attended; never 0
  std::uint16_t sink;      // 1: use the sink query
};

// Where element i of the value of a position stands within its group of 32 and block of 16:
// [i/16][lane/4][i%16][lane%4], so that one vector holds 4 positions of 16 elements.
constexpr std::int32_t value_at(std::int32_t i, std::int32_t lane) noexcept {
  return ((i / 16 * 4 + lane / 4) * 16 + i % 16) * 4 + lane % 4;
}

struct AttentionArgs {
  const std::int8_t* query;       // [heads][head_dim] quantised; heads share one key/value head
  const float* query_scale;       // [heads][head_dim/32]
  const std::int8_t* sink_query;  // the same for blocks with sink = 1
  const float* sink_query_scale;
  const std::int8_t* keys;       // slot s: [head_dim/4][16][4] at keys + s*head_dim*16
  const float* key_scales;       // slot s: [head_dim/32][16] at key_scales + s*head_dim/32*16
  const std::int8_t* values;     // slot s: [head_dim/32][value_at] at values + s*head_dim*16
  const float* value_scales;     // slot s: [head_dim/32][16] at value_scales + s*head_dim/32*16; >= 0 and finite, of
                                 // positions that are not attended too
  const AttentionBlock* blocks;  // ascending positions; at most kMostValueBlocks of one value block
  std::int32_t n_blocks;
  std::int32_t heads;
  std::int32_t head_dim;  // padded
  float scale;            // 1/sqrt(true head size)
  float* scratch;         // [heads][n_blocks*16]
  float* out;             // [heads][head_dim]
  float softcap = 0;      // of the scores (numerics 6); 0: none
};

struct Kernels {
  const char* name;
  // x[n] -> q[n], d[n/32]; n a multiple of 32 (numerics 3).
  void (*quantize)(const float* x, std::int32_t n, std::int8_t* q, float* d) noexcept;
  // y[c][row] for n_cols activation vectors q[c][in], d[c][in/32]; y has stride `y_stride` >= padded rows (numerics 4).
  void (*matmul)(const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n_cols, float* y,
                 std::size_t y_stride) noexcept;
  // y_i = x_i * r * w_i with n true elements; entries n..padded are written as 0 where padded = n rounded up to 32.
  // x need not be readable beyond n rounded up to 16; what lies beyond n there is ignored. In place allowed (numerics
  // 5).
  void (*rms_norm)(const float* x, const float* w, std::int32_t n, float eps, float* y) noexcept;
  // out_i = silu(gate_i) * up_i, n a multiple of 16 (numerics 6).
  void (*silu_mul)(const float* gate, const float* up, std::int32_t n, float* out) noexcept;
  // out_i = gelu(gate_i) * up_i, n a multiple of 16 (numerics 6).
  void (*gelu_mul)(const float* gate, const float* up, std::int32_t n, float* out) noexcept;
  // x_i = cap(x_i), what is not finite being -2^120 first; n a multiple of 16 (numerics 6 and 9).
  void (*soft_cap)(float* x, std::int32_t n, float cap) noexcept;
  // x_i += y_i, n a multiple of 16.
  void (*add)(float* x, const float* y, std::int32_t n) noexcept;
  // One row's attention for the query heads of one key/value head (numerics 8).
  void (*attention)(const AttentionArgs& args) noexcept;
  // logits[n] -> freqs[n] >= 1; returns their exact sum, in (2^30, 2^31). logits is overwritten (numerics 9). n >= 1,
  // any. Buffers must be readable and writable up to n rounded up to 16.
  std::uint32_t (*frequencies)(float* logits, std::int32_t n, std::uint32_t* freqs) noexcept;
  // Sum of freqs[0..n), n any: exact while below 2^32.
  std::uint32_t (*sum)(const std::uint32_t* freqs, std::int32_t n) noexcept;
  // Symbol s with cum(s) <= target < cum(s) + freqs[s]; target below the sum of all. Writes cum(s) to *start.
  std::int32_t (*find)(const std::uint32_t* freqs, std::int32_t n, std::uint32_t target, std::uint32_t* start) noexcept;
  // Mixing of kMixInputs logits with weights in 16.16 fixed point (numerics 12). |x| <= 2839, |w| < 2^18, so that the
  // sum of (w >> 4) * x stays below 2^31; no alignment needed.
  std::int32_t (*mix)(const std::int32_t* weights, const std::int16_t* inputs) noexcept;
  // w += (x * error + 2^15) >> 16, kept within +-(2^18 - 1). |error| <= 65535.
  void (*mix_learn)(std::int32_t* weights, const std::int16_t* inputs, std::int32_t error) noexcept;
  // Back-to-back int8 dot products on registers for `iterations` rounds; returns multiply-adds done (for bench: the
  // int8 peak). *sink receives a value so that nothing is optimised away.
  std::uint64_t (*int8_peak)(std::uint64_t iterations, std::int32_t* sink) noexcept;
};

// The tables of this build; null where the build has no such code (another CPU family).
const Kernels* scalar_kernels() noexcept;
const Kernels* avx2_kernels() noexcept;
const Kernels* avxvnni_kernels() noexcept;  // AVX2, VNNI at 256 bits
const Kernels* avx512_kernels() noexcept;   // AVX-512 BW, no VNNI
const Kernels* vnni_kernels() noexcept;     // AVX-512 VNNI
const Kernels* amx_kernels() noexcept;      // the same, and AMX tiles of int8
const Kernels* neondot_kernels() noexcept;  // AArch64 with FEAT_DotProd
const Kernels* neon_kernels() noexcept;

}  // namespace koan
