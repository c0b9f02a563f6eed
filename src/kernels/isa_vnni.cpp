// The kernels for AVX-512 with VNNI. Compiled with its own flags: nothing here may be used by other files, so
// everything but the accessor is local, and no standard header with inline code is included.
#include "kernels/kernels.h"

#if defined(__x86_64__)
namespace koan {
namespace {
constexpr const char* kName = "vnni";
}  // namespace
}  // namespace koan

#include "kernels/kernels_vnni.inl"

namespace koan {
const Kernels* vnni_kernels() noexcept { return &kTable; }
}  // namespace koan
#else
namespace koan {
const Kernels* vnni_kernels() noexcept { return nullptr; }
}  // namespace koan
#endif
