// Every kernel but attention of every instruction set of this machine against the scalar definition, bit for bit.
#include <cstring>
#include <vector>

#include "kernels/test_kernels.h"

namespace koan {
namespace {

TEST_P(KernelsTest, Quantize) {
  for (int round = 0; round < 400; ++round) {
    const std::int32_t n = kGroup * static_cast<std::int32_t>(1 + below(9));
    const auto groups = static_cast<std::size_t>(n / kGroup);
    auto x = numbers(static_cast<std::size_t>(n), round % 4);
    if (round % 8 == 5)
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::ldexp(x[i], -105);  // around the threshold
    Buffer<std::int8_t> got(x.size()), want(x.size());
    Buffer<float> got_d(groups), want_d(groups);
    kernels_->quantize(x.data(), n, got.data(), got_d.data());
    scalar_.quantize(x.data(), n, want.data(), want_d.data());
    ASSERT_EQ(std::memcmp(got.data(), want.data(), x.size()), 0) << "round " << round;
    ASSERT_EQ(std::memcmp(got_d.data(), want_d.data(), groups * sizeof(float)), 0) << "round " << round;
  }
}

TEST_P(KernelsTest, QuantizeStaysWithin127AndRoundsToEven) {
  auto x = numbers(kGroup, 0);
  Buffer<std::int8_t> q(kGroup);
  Buffer<float> d(1);
  for (std::uint32_t i = 0; i < 200000; ++i) {
    x[0] = std::bit_cast<float>(0x3F800000u + (below(1u << 23)));  // every mantissa may be the largest
    for (std::size_t j = 1; j < kGroup; ++j) x[j] = j % 2 ? x[0] : -x[0];
    kernels_->quantize(x.data(), kGroup, q.data(), d.data());
    for (std::size_t j = 0; j < kGroup; ++j) ASSERT_EQ(std::abs(q[j]), 127) << std::bit_cast<std::uint32_t>(x[0]);
  }
  for (std::size_t j = 0; j < kGroup; ++j) x[j] = static_cast<float>(j) - 15.5f;
  x[0] = 127.0f;
  kernels_->quantize(x.data(), kGroup, q.data(), d.data());
  EXPECT_EQ(d[0], 1.0f);
  EXPECT_EQ(q[15], 0);   // -0.5
  EXPECT_EQ(q[16], 0);   // 0.5
  EXPECT_EQ(q[17], 2);   // 1.5
  EXPECT_EQ(q[18], 2);   // 2.5
  EXPECT_EQ(q[14], -2);  // -1.5
}

TEST_P(KernelsTest, Matmul) {
  for (int round = 0; round < 120; ++round) {
    const std::size_t blocks = 1 + below(7),
                      cols = round < 68 ? 1 + static_cast<std::size_t>(round % 34) : 1 + below(70);
    const std::size_t groups =
        round % 10 == 9 ? 100 + below(700) / cols : 1 + below(12);  // the first: more than one pass
    const auto quants = bytes(blocks * groups * 512, -128);
    auto scales = numbers(blocks * groups * 16, 0);
    for (std::size_t i = 0; i < scales.size(); ++i)
      scales[i] = short_scale(round % 5 == 4 ? std::ldexp(scales[i], static_cast<int>(below(60)) - 30) : scales[i]);
    const auto q = bytes(cols * groups * 32, -127);
    const auto d = numbers(cols * groups, round % 7 == 6 ? 1 : 0);
    const std::size_t stride = blocks * 16 + 16 * below(2);
    const PackedMatrix w = {quants.data(), scales.data(), static_cast<std::int32_t>(blocks),
                            static_cast<std::int32_t>(groups)};
    Buffer<float> got(cols * stride, -7.0f), want(cols * stride, -7.0f);
    kernels_->matmul(w, q.data(), d.data(), static_cast<std::int32_t>(cols), got.data(), stride);
    scalar_.matmul(w, q.data(), d.data(), static_cast<std::int32_t>(cols), want.data(), stride);
    expect_same(got.data(), want.data(), got.size(), "matmul");
    if (HasFatalFailure()) FAIL() << blocks << " row blocks, " << groups << " groups, " << cols << " columns";
  }
}

TEST_P(KernelsTest, RmsNorm) {
  for (int round = 0; round < 600; ++round) {
    const std::size_t n = 1 + below(round % 3 ? 70 : 700), padded = (n + 31) / 32 * 32;
    const auto w = numbers(n, round % 5 == 4 ? 3 : 0);
    auto x = numbers((n + 15) / 16 * 16, round % 4);
    for (std::size_t i = n; i < x.size(); ++i) x[i] = kNan;  // must be ignored
    Buffer<float> got(padded, 5.0f), want(padded, 5.0f);
    kernels_->rms_norm(x.data(), w.data(), static_cast<std::int32_t>(n), 1e-5f, got.data());
    scalar_.rms_norm(x.data(), w.data(), static_cast<std::int32_t>(n), 1e-5f, want.data());
    expect_same(got.data(), want.data(), padded, "rms_norm");
    Buffer<float> in_place(padded, 5.0f);
    std::copy_n(x.data(), x.size(), in_place.data());
    kernels_->rms_norm(in_place.data(), w.data(), static_cast<std::int32_t>(n), 1e-5f, in_place.data());
    expect_same(in_place.data(), want.data(), padded, "rms_norm in place");
    if (HasFatalFailure()) FAIL() << "n = " << n;
  }
}

TEST_P(KernelsTest, GeluMulAndSoftCap) {
  for (int round = 0; round < 400; ++round) {
    const std::size_t n = 16 * (1 + below(40));
    const auto gate = numbers(n, round % 4), up = numbers(n, round / 4 % 4);
    Buffer<float> got(n), want(n);
    kernels_->gelu_mul(gate.data(), up.data(), static_cast<std::int32_t>(n), got.data());
    scalar_.gelu_mul(gate.data(), up.data(), static_cast<std::int32_t>(n), want.data());
    expect_same(got.data(), want.data(), n, "gelu_mul");
    Buffer<float> got_capped(gate), want_capped(gate);
    kernels_->soft_cap(got_capped.data(), static_cast<std::int32_t>(n), 30.0f);
    scalar_.soft_cap(want_capped.data(), static_cast<std::int32_t>(n), 30.0f);
    expect_same(got_capped.data(), want_capped.data(), n, "soft_cap");
  }
}

TEST_P(KernelsTest, SiluMulAndAdd) {
  for (int round = 0; round < 400; ++round) {
    const std::size_t n = 16 * (1 + below(40));
    const auto gate = numbers(n, round % 4), up = numbers(n, round / 4 % 4);
    Buffer<float> got(n), want(n);
    kernels_->silu_mul(gate.data(), up.data(), static_cast<std::int32_t>(n), got.data());
    scalar_.silu_mul(gate.data(), up.data(), static_cast<std::int32_t>(n), want.data());
    expect_same(got.data(), want.data(), n, "silu_mul");
    Buffer<float> got_sum(gate), want_sum(gate);
    kernels_->add(got_sum.data(), up.data(), static_cast<std::int32_t>(n));
    scalar_.add(want_sum.data(), up.data(), static_cast<std::int32_t>(n));
    expect_same(got_sum.data(), want_sum.data(), n, "add");
  }
}

// exp is reached through silu: silu(g) * 1 = g / (1 + exp(-g)).
TEST_P(KernelsTest, ExpIsAccurate) {
  Buffer<float> gate(16), up(16, 1.0f), out(16);
  double worst = 0;
  for (int i = 0; i < 40000; ++i) {
    for (std::size_t j = 0; j < 16; ++j) gate[j] = std::uniform_real_distribution<float>(-85, 20)(random_);
    kernels_->silu_mul(gate.data(), up.data(), 16, out.data());
    for (std::size_t j = 0; j < 16; ++j) {
      const double g = gate[j], want = g / (1 + std::exp(-g));
      // x * log2(e) is rounded, so the error grows with it.
      worst = std::max(worst, std::fabs(out[j] - want) / std::fabs(want) / (4e-7 + 1e-7 * std::fabs(g)));
    }
  }
  EXPECT_LT(worst, 1);
}

TEST_P(KernelsTest, Frequencies) {
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = round % 20 == 0 ? 4096 + below(3) : 1 + below(300), padded = (n + 15) / 16 * 16;
    auto logits = numbers(padded, round % 4);
    for (std::size_t i = n; i < padded; ++i) logits[i] = kInf;  // must be ignored
    Buffer<float> copy(logits);
    Buffer<std::uint32_t> got(padded), want(padded);
    const std::uint32_t total = kernels_->frequencies(logits.data(), static_cast<std::int32_t>(n), got.data());
    ASSERT_EQ(total, scalar_.frequencies(copy.data(), static_cast<std::int32_t>(n), want.data())) << "n = " << n;
    ASSERT_EQ(std::memcmp(got.data(), want.data(), n * sizeof(std::uint32_t)), 0) << "n = " << n << ", round " << round;
    std::uint64_t exact = 0;
    for (std::size_t i = 0; i < n; ++i) exact += got[i];
    ASSERT_EQ(exact, total);
    ASSERT_GT(total, 1u << 30);
    ASSERT_LT(total, 1u << 31);
  }
}

TEST_P(KernelsTest, FrequenciesFollowTheSoftmax) {
  Buffer<float> logits(16);
  Buffer<std::uint32_t> freqs(16);
  for (std::size_t i = 0; i < 16; ++i) logits[i] = static_cast<float>(i) * 0.5f;
  double sum = 0;
  for (int i = 0; i < 16; ++i) sum += std::exp(i * 0.5);
  const std::uint32_t total = kernels_->frequencies(logits.data(), 16, freqs.data());
  for (int i = 0; i < 16; ++i)
    EXPECT_NEAR(freqs[static_cast<std::size_t>(i)] / static_cast<double>(total), std::exp(i * 0.5) / sum, 1e-6);
}

TEST_P(KernelsTest, SumAndFind) {
  for (int round = 0; round < 300; ++round) {
    const std::size_t n = round % 2 ? 1 + below(5000) : 1 + below(60);
    Buffer<std::uint32_t> freqs(n);
    const std::uint32_t most = round % 3 ? 1 : static_cast<std::uint32_t>(0xFFFFFFFFu / n);
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < n; ++i) total += freqs[i] = 1 + below(most);
    for (int probe = 0; probe < 50; ++probe) {
      const std::uint32_t target = probe == 0 ? 0 : probe == 1 ? total - 1 : below(total);
      std::int32_t symbol = 0;
      std::uint32_t cumulative = 0, start = 1;
      while (target - cumulative >= freqs[static_cast<std::size_t>(symbol)])
        cumulative += freqs[static_cast<std::size_t>(symbol++)];
      ASSERT_EQ(kernels_->find(freqs.data(), static_cast<std::int32_t>(n), target, &start), symbol);
      ASSERT_EQ(start, cumulative);
      ASSERT_EQ(kernels_->sum(freqs.data(), symbol), cumulative);
    }
    ASSERT_EQ(kernels_->sum(freqs.data(), static_cast<std::int32_t>(n)), total);
  }
}

TEST_P(KernelsTest, PeakCountsWork) {
  std::int32_t sink = 3;
  EXPECT_GT(kernels_->int8_peak(10, &sink), 0u);
  EXPECT_EQ(kernels_->int8_peak(20, &sink), 2 * kernels_->int8_peak(10, &sink));
}

TEST_P(KernelsTest, Mixing) {
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::int32_t> weights(kMixInputs), expected;
    std::vector<std::int16_t> inputs(kMixInputs);
    const bool extreme = round % 8 == 7;  // the bounds that kernels.h promises
    for (auto& w : weights)
      w = extreme ? (below(2) ? kMixMostWeight : -kMixMostWeight)
                  : static_cast<std::int32_t>(below(2 * kMixMostWeight + 1)) - kMixMostWeight;
    for (auto& x : inputs) x = static_cast<std::int16_t>(extreme ? 2839 : static_cast<int>(below(2 * 2839 + 1)) - 2839);
    expected = weights;
    ASSERT_EQ(kernels_->mix(weights.data(), inputs.data()), scalar_.mix(weights.data(), inputs.data()));
    const auto error = extreme ? -65535 : static_cast<std::int32_t>(below(2 * 65535 + 1)) - 65535;
    kernels_->mix_learn(weights.data(), inputs.data(), error);
    scalar_.mix_learn(expected.data(), inputs.data(), error);
    ASSERT_EQ(weights, expected) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, KernelsTest, kAllSets, kSetName);

}  // namespace
}  // namespace koan
