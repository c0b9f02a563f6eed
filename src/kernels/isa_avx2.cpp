// The kernels for AVX2. Compiled with its own flags: nothing here may be used by other files, so everything but
// the accessor is local, and no standard header with inline code is included. Tile shapes were chosen by kernels_bench.
#include "kernels/kernels.h"

#if defined(__x86_64__)
namespace koan {
namespace {
constexpr const char* kName = "avx2";
constexpr int kTileRows = 1;
constexpr int kTileCols = 4;
constexpr int kColumnRows = 4;
constexpr int kTileBlocks = 1;
constexpr int kTileHeads = 2;
constexpr int kTileValues = 1;
constexpr int kPeakChains = 6;
}  // namespace
}  // namespace koan

// Each of these builds on those before it.
// clang-format off
#include "kernels/lanes_avx2.inl"
#include "kernels/reductions_x86.inl"
#include "kernels/elementwise.inl"
#include "kernels/frequencies.inl"
#include "kernels/value_pairs.inl"
#include "kernels/dots_signs.inl"
#include "kernels/matmul.inl"
#include "kernels/attention.inl"
#include "kernels/mixing_x86.inl"
#include "kernels/table.inl"
// clang-format on

namespace koan {
const Kernels* avx2_kernels() noexcept { return &kTable; }
}  // namespace koan
#else
namespace koan {
const Kernels* avx2_kernels() noexcept { return nullptr; }
}  // namespace koan
#endif
