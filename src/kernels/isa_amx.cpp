// The kernels for AMX, over those for AVX-512 with VNNI. Compiled with its own flags: nothing here may be used by other
// files, so everything but the accessor is local, and no standard header with inline code is included. Tile shapes were
// chosen by kernels_bench.
#include "kernels/kernels.h"

#if defined(__x86_64__)
namespace koan {
namespace {
constexpr const char* kName = "amx";
constexpr int kTileRows = 3;
constexpr int kTileCols = 4;
constexpr int kTileBlocks = 2;
constexpr int kTileHeads = 4;
}  // namespace
}  // namespace koan

// Each of these builds on those before it.
// clang-format off
#include "kernels/lanes_avx512.inl"
#include "kernels/reductions_x86.inl"
#include "kernels/elementwise.inl"
#include "kernels/frequencies.inl"
#include "kernels/dots_vnni.inl"
#include "kernels/matmul.inl"
#include "kernels/matmul_amx.inl"
#include "kernels/attention.inl"
#include "kernels/mixing_x86.inl"
#include "kernels/table.inl"
// clang-format on

namespace koan {
namespace {

constexpr Kernels with_tiles(Kernels kernels) {
  kernels.matmul = matmul_amx;
  kernels.int8_peak = int8_peak_amx;
  return kernels;
}
constexpr Kernels kTiles = with_tiles(kTable);

}  // namespace
const Kernels* amx_kernels() noexcept { return &kTiles; }
}  // namespace koan
#else
namespace koan {
const Kernels* amx_kernels() noexcept { return nullptr; }
}  // namespace koan
#endif
