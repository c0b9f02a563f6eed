// VPDPBUSD of AVX-512: sum += four products of unsigned by signed bytes, in each lane.
namespace koan {
namespace {

inline Ints add_quads(Ints sum, Ints of_unsigned, Ints of_signed) {
  return _mm512_dpbusd_epi32(sum, of_unsigned, of_signed);
}

}  // namespace
}  // namespace koan
