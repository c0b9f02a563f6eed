#include <gtest/gtest.h>

#include <bit>
#include <chrono>

#include "kernels/dispatch.h"
#include "model/streams.h"

namespace koan {
namespace {

float nudged(float value) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ 1u); }

void expect_refused(const Kernels& wrong, const char* what) {
  const Status status = known_answer_check(wrong);
  ASSERT_FALSE(status) << what << " was wrong and nobody noticed";
  EXPECT_EQ(status.error().code, ErrorCode::kVerification);
}

TEST(KnownAnswer, EveryInstructionSetPasses) {
  int ran = 0;
  for (const std::string_view isa : isa_names()) {
    const auto kernels = kernels_for(isa);
    if (!kernels) continue;
    const Status status = known_answer_check(**kernels);
    EXPECT_TRUE(status) << isa << ": " << status.error().message;
    ++ran;
  }
  EXPECT_GE(ran, 1);
}

// Each kernel in turn is wrong in one bit, and not always.
TEST(KnownAnswer, OneWrongBitInAnyKernelIsRefused) {
  Kernels wrong = *scalar_kernels();
  wrong.quantize = [](const float* x, std::int32_t n, std::int8_t* q, float* d) noexcept {
    scalar_kernels()->quantize(x, n, q, d);
    if (q[5] == 17) q[5] = 18;
  };
  expect_refused(wrong, "quantize");
  wrong = *scalar_kernels();
  wrong.matmul = [](const PackedMatrix& w, const std::int8_t* q, const float* d, std::int32_t n, float* y,
                    std::size_t stride) noexcept {
    scalar_kernels()->matmul(w, q, d, n, y, stride);
    for (std::int32_t c = 0; c < n && n == 7; ++c)
      y[static_cast<std::size_t>(c) * stride + 3] = nudged(y[static_cast<std::size_t>(c) * stride + 3]);
  };
  expect_refused(wrong, "matmul");
  wrong = *scalar_kernels();
  wrong.rms_norm = [](const float* x, const float* w, std::int32_t n, float eps, float* y) noexcept {
    scalar_kernels()->rms_norm(x, w, n, eps, y);
    if (y[0] > 2) y[0] = y[0] + y[0] * 0.01f;
  };
  expect_refused(wrong, "rms_norm");
  wrong = *scalar_kernels();
  wrong.silu_mul = [](const float* gate, const float* up, std::int32_t n, float* out) noexcept {
    scalar_kernels()->silu_mul(gate, up, n, out);
    for (std::int32_t i = 0; i < n; ++i) out[i] = nudged(out[i]);
  };
  expect_refused(wrong, "silu_mul");
  wrong = *scalar_kernels();
  wrong.gelu_mul = [](const float* gate, const float* up, std::int32_t n, float* out) noexcept {
    scalar_kernels()->gelu_mul(gate, up, n, out);
    out[n - 1] = nudged(out[n - 1]);
  };
  expect_refused(wrong, "gelu_mul");
  wrong = *scalar_kernels();
  wrong.soft_cap = [](float* x, std::int32_t n, float cap) noexcept {
    scalar_kernels()->soft_cap(x, n, cap);
    x[0] = nudged(x[0]);
  };
  expect_refused(wrong, "soft_cap");
  wrong = *scalar_kernels();
  wrong.add = [](float* x, const float* y, std::int32_t n) noexcept {
    scalar_kernels()->add(x, y, n);
    x[9] = nudged(x[9]);
  };
  expect_refused(wrong, "add");
  wrong = *scalar_kernels();
  wrong.attention = [](const AttentionArgs& args) noexcept {
    AttentionArgs other = args;  // forgets that sinks have a query of their own
    other.sink_query = args.query;
    other.sink_query_scale = args.query_scale;
    scalar_kernels()->attention(other);
  };
  expect_refused(wrong, "attention");
}

TEST(KnownAnswer, WrongFrequenciesAndSearchAreRefused) {
  Kernels wrong = *scalar_kernels();
  wrong.frequencies = [](float* logits, std::int32_t n, std::uint32_t* freqs) noexcept {
    const std::uint32_t total = scalar_kernels()->frequencies(logits, n, freqs);
    freqs[n - 1] += 1;
    return total + 1;
  };
  expect_refused(wrong, "frequencies");
  wrong = *scalar_kernels();
  wrong.sum = [](const std::uint32_t* freqs, std::int32_t n) noexcept { return scalar_kernels()->sum(freqs, n - 1); };
  expect_refused(wrong, "sum");
  wrong = *scalar_kernels();
  wrong.find = [](const std::uint32_t* freqs, std::int32_t n, std::uint32_t target, std::uint32_t* start) noexcept {
    const std::int32_t symbol = scalar_kernels()->find(freqs, n, target, start);
    return target == *start ? symbol - 1 : symbol;  // wrong only at the start of a symbol
  };
  expect_refused(wrong, "find");
}

TEST(KnownAnswer, IsQuick) {
  const Kernels* kernels = choose_kernels().value();
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(known_answer_check(*kernels));
    best = std::min(best, std::chrono::steady_clock::now() - start);
  }
  RecordProperty("microseconds", std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(best).count()));
}

}  // namespace
}  // namespace koan
