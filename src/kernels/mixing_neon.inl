// Logistic mixing (numerics section 12) on four 32-bit lanes. Integers: the order of the sum does not matter.
namespace koan {
namespace {

std::int32_t mix(const std::int32_t* weights, const std::int16_t* inputs) noexcept {
  int32x4_t sum = vdupq_n_s32(0);
  for (int i = 0; i < kMixInputs; i += 4)
    sum = vmlaq_s32(sum, vshrq_n_s32(vld1q_s32(weights + i), 4), vmovl_s16(vld1_s16(inputs + i)));
  return vaddvq_s32(sum);
}

void mix_learn(std::int32_t* weights, const std::int16_t* inputs, std::int32_t error) noexcept {
  const int32x4_t e = vdupq_n_s32(error), half = vdupq_n_s32(1 << 15);
  const int32x4_t most = vdupq_n_s32(kMixMostWeight), least = vdupq_n_s32(-kMixMostWeight);
  for (int i = 0; i < kMixInputs; i += 4) {
    const int32x4_t step = vshrq_n_s32(vmlaq_s32(half, vmovl_s16(vld1_s16(inputs + i)), e), 16);
    const int32x4_t moved = vaddq_s32(vld1q_s32(weights + i), step);
    vst1q_s32(weights + i, vmaxq_s32(least, vminq_s32(most, moved)));
  }
}

}  // namespace
}  // namespace koan
