// What tests of kernels share: inputs of every kind, and the kernels of one instruction set beside the scalar
// definition.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "kernels/dispatch.h"
#include "kernels/kernels.h"

namespace koan {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

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
inline std::uint32_t canonical(float x) { return std::isnan(x) ? 0x7FC00000u : std::bit_cast<std::uint32_t>(x); }

inline void expect_same(const float* got, const float* want, std::size_t n, const char* what) {
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

inline const auto kAllSets = testing::Values("amx", "vnni", "avx512", "avxvnni", "avx2", "neondot", "neon", "scalar");
inline const auto kSetName = [](const auto& tested) { return tested.param; };

}  // namespace koan
