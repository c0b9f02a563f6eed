// The kernels for AMX, over those for AVX-512 with VNNI. Compiled with its own flags: nothing here may be used by other
// files, so everything but the accessor is local, and no standard header with inline code is included.
#include "kernels/kernels.h"

#if defined(__x86_64__)
namespace koan {
namespace {
constexpr const char* kName = "amx";
}  // namespace
}  // namespace koan

#include "kernels/kernels_vnni.inl"
#include "kernels/matmul_amx.inl"

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
