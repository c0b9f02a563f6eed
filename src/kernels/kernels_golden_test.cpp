// Fixed inputs, one hash over what every kernel makes of them: holds numerics version 2 across compilers, optimisation
// levels and machines, where kernels_test only compares the instruction sets of one build. The constant is never
// changed without a new numerics version.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace koan {
namespace {

constexpr std::uint64_t kGolden = 0xEC1D3C5A90A8D1A9u;

// Inputs and hash on integers only.
struct Source {
  std::uint64_t state = 20260101;
  std::uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 32);
  }
  // A float of magnitude 2^-8 .. 2^4, either sign.
  float real() { return std::bit_cast<float>((next() & 0x807FFFFFu) | ((119 + next() % 12) << 23)); }
  std::int8_t byte() { return static_cast<std::int8_t>(static_cast<int>(next() % 255) - 127); }
};

template <typename T>
struct alignas(64) Line {
  T items[64 / sizeof(T)];
};

// n aligned elements.
template <typename T>
class Array {
 public:
  explicit Array(std::size_t n) : lines_(n * sizeof(T) / 64 + 1) {}
  T* data() { return lines_[0].items; }
  T& operator[](std::size_t i) { return data()[i]; }

 private:
  std::vector<Line<T>> lines_;
};

struct Hash {
  std::uint64_t value = 14695981039346656037u;
  template <typename T>
  void add(T* items, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      std::uint32_t word;
      if constexpr (sizeof(T) == 4) {
        word = std::bit_cast<std::uint32_t>(items[i]);
      } else {
        word = static_cast<std::uint8_t>(items[i]);
      }
      value = (value ^ word) * 1099511628211u;
    }
  }
};

void hash_layers(const Kernels& k, Source& source, Hash& hash) {
  constexpr std::size_t kIn = 96, kOut = 80, kCols = 7;
  Array<float> x(kIn * kCols), up(kIn * kCols), d(kIn * kCols / 32), scales(kOut * kIn / 32), y(kOut * kCols);
  Array<std::int8_t> q(kIn * kCols), quants(kOut * kIn);
  for (std::size_t i = 0; i < kIn * kCols; ++i) x[i] = source.real(), up[i] = source.real();
  for (std::size_t i = 0; i < kOut * kIn; ++i) quants[i] = source.byte();
  for (std::size_t i = 0; i < kOut * kIn / 32; ++i)
    scales[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(source.real()) & ~3u);
  k.rms_norm(x.data(), up.data(), kIn, 1e-6f, x.data());
  k.add(x.data(), up.data(), kIn);
  k.silu_mul(x.data(), up.data(), kIn * kCols, x.data());
  k.gelu_mul(up.data(), x.data(), kIn * kCols, up.data());
  hash.add(up.data(), kIn * kCols);
  k.soft_cap(up.data(), kIn * kCols, 5.0f);
  k.quantize(x.data(), kIn * kCols, q.data(), d.data());
  k.matmul({quants.data(), scales.data(), kOut / 16, kIn / 32}, q.data(), d.data(), kCols, y.data(), kOut);
  hash.add(x.data(), kIn * kCols);
  hash.add(up.data(), kIn * kCols);
  hash.add(q.data(), kIn * kCols);
  hash.add(d.data(), kIn * kCols / 32);
  hash.add(y.data(), kOut * kCols);
}

void hash_attention(const Kernels& k, Source& source, Hash& hash) {
  constexpr std::size_t kHeads = 5, kDim = 64, kBlocks = 20;
  Array<std::int8_t> query(kHeads * kDim), sink_query(kHeads * kDim), keys(kBlocks * 16 * kDim);
  Array<float> query_scale(kHeads * 2), sink_scale(kHeads * 2), key_scales(kBlocks * 32),
      scratch(kHeads * kBlocks * 16);
  Array<float> out(kHeads * kDim);
  Array<std::int8_t> values(kBlocks * 16 * kDim);
  Array<float> value_scales(kBlocks * 32);
  for (std::size_t i = 0; i < kHeads * kDim; ++i) query[i] = source.byte(), sink_query[i] = source.byte();
  for (std::size_t i = 0; i < kHeads * 2; ++i)
    query_scale[i] = source.real() / 8192, sink_scale[i] = source.real() / 8192;
  for (std::size_t i = 0; i < kBlocks * 32; ++i)
    key_scales[i] = source.real() / 16, value_scales[i] = std::fabs(source.real());
  for (std::size_t i = 0; i < kBlocks * 16 * kDim; ++i) {
    keys[i] = source.byte();
    values[i] = source.byte();
  }
  std::vector<AttentionBlock> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    const bool sink = i == 0;
    const std::uint32_t mask = sink ? 0x000Fu : i == 1 ? 0xFF80u : i + 1 == kBlocks ? 0x03FFu : 0xFFFFu;
    blocks.push_back({static_cast<std::uint32_t>(kBlocks) - 1 - i, sink ? 0 : 160 + 16 * i,
                      static_cast<std::uint16_t>(mask), static_cast<std::uint16_t>(sink)});
  }
  k.attention({query.data(), query_scale.data(), sink_query.data(), sink_scale.data(), keys.data(), key_scales.data(),
               values.data(), value_scales.data(), blocks.data(), kBlocks, kHeads, kDim, 0.125f, scratch.data(),
               out.data()});
  hash.add(out.data(), kHeads * kDim);
}

void hash_frequencies(const Kernels& k, Source& source, Hash& hash) {
  constexpr std::size_t kVocabulary = 1003;
  Array<float> logits(kVocabulary + 16);
  Array<std::uint32_t> freqs(kVocabulary + 16);
  for (std::size_t i = 0; i < kVocabulary; ++i) logits[i] = source.real();
  const std::uint32_t total = k.frequencies(logits.data(), kVocabulary, freqs.data());
  hash.add(&total, 1);
  hash.add(freqs.data(), kVocabulary);
}

class KernelsGoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(KernelsGoldenTest, Version2) {
  const auto kernels = kernels_for(GetParam());
  if (!kernels) GTEST_SKIP() << kernels.error().message;
  Source source;
  Hash hash;
  hash_layers(**kernels, source, hash);
  hash_attention(**kernels, source, hash);
  hash_frequencies(**kernels, source, hash);
  EXPECT_EQ(hash.value, kGolden);
}

INSTANTIATE_TEST_SUITE_P(Isa, KernelsGoldenTest,
                         testing::Values("amx", "vnni", "avx512", "avxvnni", "avx2", "neondot", "neon", "scalar"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace koan
