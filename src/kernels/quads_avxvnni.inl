// VPDPBUSD of AVX-VNNI, which has no AVX-512: sum += four products of unsigned by signed bytes, in each lane.
namespace koan {
namespace {

inline Ints add_quads(Ints sum, Ints of_unsigned, Ints of_signed) {
  return {_mm256_dpbusd_avx_epi32(sum.low, of_unsigned.low, of_signed.low),
          _mm256_dpbusd_avx_epi32(sum.high, of_unsigned.high, of_signed.high)};
}

}  // namespace
}  // namespace koan
