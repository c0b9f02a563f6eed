// Every kernel of every instruction set of this machine against the scalar definition, bit for bit.
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace koan {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// 64-byte aligned, as kernels.h promises; bytes behind the end belong to nobody, so that sanitizers see an overrun.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t n, T fill = T{}) : size_(n) {
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, n * sizeof(T)) != 0) std::abort();
    data_ = static_cast<T*>(memory);
    std::fill_n(data_, size_, fill);
  }
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer& other) : Buffer(other.size_) { std::copy_n(other.data_, size_, data_); }
  Buffer& operator=(const Buffer&) = delete;
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  T* data_;
};

// NaN payloads differ between machines and nothing downstream looks at them (numerics 1): any NaN equals any other.
std::uint32_t canonical(float x) { return std::isnan(x) ? 0x7FC00000u : std::bit_cast<std::uint32_t>(x); }

void expect_same(const float* got, const float* want, std::size_t n, const char* what) {
  for (std::size_t i = 0; i < n; ++i) {
    ASSERT_EQ(canonical(got[i]), canonical(want[i]))
        << what << " [" << i << "]: " << got[i] << " instead of " << want[i];
  }
}

class KernelsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto kernels = kernels_for(GetParam());
    if (!kernels) GTEST_SKIP() << kernels.error().message;
    kernels_ = *kernels;
    ASSERT_EQ(kernels_->name, GetParam());
    seed_ = std::random_device{}();
    random_.seed(seed_);
    RecordProperty("seed", std::to_string(seed_));
    trace_.emplace(__FILE__, __LINE__, "seed " + std::to_string(seed_));
  }

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  // kind 0: ordinary; 1: huge ranges; 2: any bits at all, so NaN, infinities and subnormals; 3: picked oddities.
  float number(int kind) {
    static constexpr float kOdd[] = {0.0f,     -0.0f,   kInf,     -kInf,     kNan,   1e-45f,   -1e-45f,
                                     1e-38f,   3.4e38f, -3.4e38f, 0x1p-100f, 88.f,   88.0001f, -86.0f,
                                     -86.001f, 1.0f,    -1.0f,    0.5f,      -100.f, 100.f};
    if (kind == 1) return std::ldexp(std::normal_distribution<float>()(random_), static_cast<int>(below(260)) - 130);
    if (kind == 2) return std::bit_cast<float>(static_cast<std::uint32_t>(random_()));
    if (kind == 3) return kOdd[below(std::size(kOdd))];
    return std::normal_distribution<float>(0, 3)(random_);
  }
  Buffer<float> numbers(std::size_t n, int kind) {
    Buffer<float> out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = number(kind);
    return out;
  }
  Buffer<std::int8_t> bytes(std::size_t n, int least) {
    Buffer<std::int8_t> out(n);
    const bool extreme = below(4) == 0;
    for (std::size_t i = 0; i < n; ++i) {
      out[i] =
          static_cast<std::int8_t>(extreme ? (below(2) ? least : 127) : least + static_cast<int>(below(128u - least)));
    }
    return out;
  }

  // Of at most 22 significant bits, as PackedMatrix wants it.
  static float short_scale(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & ~3u); }

  const Kernels* kernels_ = nullptr;
  const Kernels& scalar_ = *scalar_kernels();
  std::uint32_t seed_ = 0;
  std::mt19937 random_;

 private:
  std::optional<testing::ScopedTrace> trace_;
};

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

// One attention problem with everything it points to.
struct AttentionCase {
  std::vector<AttentionBlock> blocks;
  Buffer<std::int8_t> query, sink_query, keys;
  Buffer<float> query_scale, sink_query_scale, key_scales;
  Buffer<std::int8_t> values;
  Buffer<float> value_scales;
  std::int32_t heads, head_dim;
  float softcap = 0;

  void run(const Kernels& kernels, Buffer<float>& out) const {
    Buffer<float> scratch(static_cast<std::size_t>(heads) * blocks.size() * 16, kNan);
    kernels.attention({query.data(), query_scale.data(), sink_query.data(), sink_query_scale.data(), keys.data(),
                       key_scales.data(), values.data(), value_scales.data(), blocks.data(),
                       static_cast<std::int32_t>(blocks.size()), heads, head_dim,
                       1.0f / std::sqrt(static_cast<float>(head_dim)), scratch.data(), out.data(), softcap});
  }
};

// Slots are shuffled, positions may leave gaps, masks may have holes; values that are not attended are as large as
// others.
class AttentionTest : public KernelsTest {
 protected:
  AttentionCase make_case(int round) {
    const std::size_t heads = 1 + below(9), dim = round % 15 == 14 ? 1056 : 32 * (1 + below(4)), groups = dim / 32;
    const std::size_t n = 1 + below(round % 3 ? 6 : 40), slots = n + below(3);
    const int kind = round % 5 == 4 ? 3 : round % 5 == 3 ? 1 : 0;
    AttentionCase a{{},
                    bytes(heads * dim, -127),
                    bytes(heads * dim, -127),
                    bytes(slots * dim * 16, -127),
                    numbers(heads * groups, kind),
                    numbers(heads * groups, kind),
                    numbers(slots * groups * 16, kind),
                    bytes(slots * dim * 16, -127),
                    Buffer<float>(slots * groups * 16),
                    static_cast<std::int32_t>(heads),
                    static_cast<std::int32_t>(dim)};
    if (kind == 0) {
      for (std::size_t i = 0; i < a.key_scales.size(); ++i) a.key_scales[i] *= 0.001f;
    }
    std::vector<std::uint32_t> order(slots);
    for (std::size_t i = 0; i < slots; ++i) order[i] = static_cast<std::uint32_t>(i);
    std::shuffle(order.begin(), order.end(), random_);
    std::uint32_t position = 16 * below(20);
    const std::size_t sinks = below(2) ? below(3) : 0;
    for (std::size_t i = 0; i < n; ++i, position += 16 * (below(8) ? 1 : 1 + below(30))) {
      const auto mask = static_cast<std::uint16_t>(below(3) ? 0xFFFF : 1 + below(0xFFFF));
      a.blocks.push_back({order[i], position, mask, static_cast<std::uint16_t>(i < sinks)});
    }
    for (std::size_t i = 0; i < a.value_scales.size(); ++i) a.value_scales[i] = value_scale(round % 7 == 6);
    return a;
  }
  // As section 3 makes them: not negative, finite. Odd ones reach around the 2^-100 below which a block adds nothing.
  float value_scale(bool odd) {
    if (!odd) return std::fabs(number(0)) / 127;
    return below(3) ? 0.0f : std::ldexp(1 + std::fabs(number(0)), below(2) ? -104 : 120);
  }
};

TEST_P(AttentionTest, SameAsScalar) {
  for (int round = 0; round < 150; ++round) {
    AttentionCase a = make_case(round);
    a.softcap = round % 6 == 5 ? 2.0f : 0.0f;
    Buffer<float> got(static_cast<std::size_t>(a.heads * a.head_dim)), want(got.size());
    a.run(*kernels_, got);
    a.run(scalar_, want);
    expect_same(got.data(), want.data(), got.size(), "attention");
    if (HasFatalFailure()) FAIL() << "round " << round << ": " << a.heads << " heads of " << a.head_dim;
  }
}

// The definition itself against plain double arithmetic.
TEST_P(AttentionTest, CloseToDouble) {
  AttentionCase a = make_case(1);
  for (std::size_t i = 0; i < a.key_scales.size(); ++i) a.key_scales[i] *= 1e-3f;  // scores that std::exp can take
  Buffer<float> got(static_cast<std::size_t>(a.heads * a.head_dim));
  a.run(*kernels_, got);
  const auto dim = static_cast<std::size_t>(a.head_dim), groups = dim / 32;
  for (std::size_t h = 0; h < static_cast<std::size_t>(a.heads); ++h) {
    std::vector<double> out(dim);
    double total = 0, magnitude = 0;
    for (const AttentionBlock& b : a.blocks) {
      for (std::size_t lane = 0; lane < 16; ++lane) {
        if (!(b.mask >> lane & 1)) continue;
        double score = 0;
        for (std::size_t i = 0; i < dim; ++i) {
          const auto& q = b.sink ? a.sink_query : a.query;
          const auto& scale = b.sink ? a.sink_query_scale : a.query_scale;
          score += double{scale[h * groups + i / 32]} * q[h * dim + i] *
                   a.keys[b.slot * dim * 16 + (i / 4 * 16 + lane) * 4 + i % 4] *
                   a.key_scales[(b.slot * groups + i / 32) * 16 + lane];
        }
        const double weight = std::exp(score / std::sqrt(static_cast<double>(dim)));
        total += weight;
        for (std::size_t i = 0; i < dim; ++i) {
          const std::size_t group = b.slot * groups + i / 32;
          const auto at =
              static_cast<std::size_t>(value_at(static_cast<std::int32_t>(i % 32), static_cast<std::int32_t>(lane)));
          out[i] += weight * a.values[group * 512 + at] * a.value_scales[group * 16 + lane];
        }
      }
    }
    for (std::size_t i = 0; i < dim; ++i) magnitude = std::max(magnitude, std::fabs(out[i] / total));
    for (std::size_t i = 0; i < dim; ++i) ASSERT_NEAR(got[h * dim + i], out[i] / total, 1e-3 * (1 + magnitude));
  }
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

const auto kAll = testing::Values("amx", "vnni", "avx512", "avxvnni", "avx2", "neondot", "neon", "scalar");
const auto kName = [](const auto& tested) { return tested.param; };
INSTANTIATE_TEST_SUITE_P(Isa, KernelsTest, kAll, kName);
INSTANTIATE_TEST_SUITE_P(Isa, AttentionTest, kAll, kName);

}  // namespace
}  // namespace koan
