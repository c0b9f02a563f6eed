// The kernels for AArch64 with the dot-product instructions (FEAT_DotProd). Compiled with its own flags: nothing here
// may be used by other files, so everything but the accessor is local, and no standard header with inline code is
// included. Tile shapes are what 32 registers hold; no such machine was there to time them.
#include "kernels/kernels.h"

#if defined(__aarch64__) && defined(__AARCH64EL__)
namespace koan {
namespace {
constexpr const char* kName = "neondot";
constexpr int kTileRows = 1;
constexpr int kTileCols = 3;
constexpr int kColumnRows = 1;
constexpr int kTileBlocks = 1;
constexpr int kTileHeads = 2;
constexpr int kTileValues = 1;
constexpr int kPeakChains = 6;
}  // namespace
}  // namespace koan

// Each of these builds on those before it.
// clang-format off
#include "kernels/lanes_neon.inl"
#include "kernels/elementwise.inl"
#include "kernels/frequencies.inl"
#include "kernels/dots_neon.inl"
#include "kernels/matmul.inl"
#include "kernels/attention.inl"
#include "kernels/mixing_neon.inl"
#include "kernels/table.inl"
// clang-format on

namespace koan {
const Kernels* neondot_kernels() noexcept { return &kTable; }
}  // namespace koan
#else
namespace koan {
const Kernels* neondot_kernels() noexcept { return nullptr; }
}  // namespace koan
#endif
