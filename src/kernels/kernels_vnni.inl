// The kernels for AVX-512 with VNNI, of isa_vnni.cpp and, with other linear layers, isa_amx.cpp. Tile shapes were
// chosen by kernels_bench. Needs: kName.
namespace koan {
namespace {
constexpr int kTileRows = 2;
constexpr int kTileCols = 6;
constexpr int kColumnRows = 2;
constexpr int kTileBlocks = 2;
constexpr int kTileHeads = 4;
constexpr int kTileValues = 2;
constexpr int kPeakChains = 16;
}  // namespace
}  // namespace koan

// Each of these builds on those before it.
// clang-format off
#include "kernels/lanes_avx512.inl"
#include "kernels/quads_avx512.inl"
#include "kernels/reductions_x86.inl"
#include "kernels/elementwise.inl"
#include "kernels/frequencies.inl"
#include "kernels/dots_vnni.inl"
#include "kernels/matmul.inl"
#include "kernels/attention.inl"
#include "kernels/mixing_x86.inl"
#include "kernels/table.inl"
// clang-format on
