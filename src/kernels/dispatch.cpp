// Choice of an instruction set: what this build has, what this processor and operating system can run, what KOAN_ISA
// asks for.
#include "kernels/dispatch.h"

#include <cstdlib>
#include <string>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace koan {
namespace {

struct Isa {
  std::string_view name;
  const Kernels* (*kernels)() noexcept;
  bool (*runs_here)() noexcept;
};

bool always() noexcept { return true; }

// __builtin_cpu_supports also asks (XGETBV) whether the operating system saves the wide registers.
#if defined(__x86_64__)
bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
bool has_vnni() noexcept { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
bool has_avxvnni() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 4)) != 0;
}
#else
bool has_avx2() noexcept { return false; }
bool has_avx512() noexcept { return false; }
bool has_vnni() noexcept { return false; }
bool has_avxvnni() noexcept { return false; }
#endif

#if defined(__x86_64__) && defined(__linux__)
// Tiles are used only by processes that have asked Linux (5.16 and later) for room to save them. The permission holds
// for the whole process and asking again changes nothing.
bool has_amx() noexcept {
  constexpr unsigned kTile = 1u << 24, kInt8 = 1u << 25;  // of EDX
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return has_vnni() && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTile) != 0 && (d & kInt8) != 0 &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool has_amx() noexcept { return false; }
#endif

#if defined(__aarch64__) && defined(__linux__)
// HWCAP_ASIMDDP of <asm/hwcap.h>, which old kernel headers lack.
bool has_neondot() noexcept { return (getauxval(AT_HWCAP) & (1UL << 20)) != 0; }
#else
bool has_neondot() noexcept { return false; }
#endif

constexpr Isa kIsas[] = {
    {"amx", amx_kernels, has_amx},          {"vnni", vnni_kernels, has_vnni},
    {"avx512", avx512_kernels, has_avx512}, {"avxvnni", avxvnni_kernels, has_avxvnni},
    {"avx2", avx2_kernels, has_avx2},       {"neondot", neondot_kernels, has_neondot},
    {"neon", neon_kernels, always},         {"scalar", scalar_kernels, always},
};

// Null when this build or this machine cannot.
const Kernels* usable(const Isa& isa) { return isa.runs_here() ? isa.kernels() : nullptr; }

}  // namespace

std::vector<std::string_view> isa_names() {
  std::vector<std::string_view> names;
  for (const Isa& isa : kIsas) names.push_back(isa.name);
  return names;
}

Result<const Kernels*> kernels_for(std::string_view name) {
  for (const Isa& isa : kIsas) {
    if (isa.name != name) continue;
    if (const Kernels* kernels = usable(isa)) return kernels;
    return Error{ErrorCode::kNotSupported,
                 "instruction set \"" + std::string(name) + "\" is not supported by this machine or this build"};
  }
  std::string known;
  for (const Isa& isa : kIsas) known += (known.empty() ? "" : ", ") + std::string(isa.name);
  return Error{ErrorCode::kUsage, "unknown instruction set \"" + std::string(name) + "\"; known are: " + known};
}

Result<const Kernels*> choose_kernels() {
  const char* forced = std::getenv("KOAN_ISA");
  if (forced != nullptr && *forced != '\0') {
    auto chosen = kernels_for(forced);
    if (!chosen) return std::move(chosen).error().in("KOAN_ISA");
    return chosen;
  }
  for (const Isa& isa : kIsas) {
    if (const Kernels* kernels = usable(isa)) return kernels;
  }
  return Error{ErrorCode::kInternal, "no kernels in this build"};
}

}  // namespace koan
