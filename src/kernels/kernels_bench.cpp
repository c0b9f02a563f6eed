// Speed of the kernels of every instruction set of this machine: Google Benchmark, run by hand.
// MAC/s counts int8 multiply-adds; compare matmul with peak of the same run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace koan {
namespace {

template <typename T>
T* aligned(std::vector<T>& memory, std::size_t n) {
  memory.resize(n + 64 / sizeof(T));
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  return memory.data() + (64 - address % 64) % 64 / sizeof(T);
}

template <typename T>
T* noise(std::vector<T>& memory, std::size_t n, double least, double most) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> draw(least, most);
  T* out = aligned(memory, n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<T>(draw(random));
  return out;
}

void set_rate(benchmark::State& state, double per_iteration) {
  state.counters["MAC/s"] =
      benchmark::Counter(per_iteration * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void peak(benchmark::State& state, const Kernels* kernels) {
  std::int32_t sink = 1;
  double done = 0;
  for (auto _ : state) done += static_cast<double>(kernels->int8_peak(100000, &sink));
  state.counters["MAC/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
}

// Several copies of the matrix in turn, so that the weights come from where the weights of a model come from: not
// level 1.
void matmul(benchmark::State& state, const Kernels* kernels) {
  const auto out = static_cast<std::size_t>(state.range(0)), in = static_cast<std::size_t>(state.range(1));
  const auto cols = static_cast<std::size_t>(state.range(2));
  const std::size_t copies = (std::size_t{4} << 20) / (out * in) + 1;
  std::vector<std::int8_t> quant_memory, q_memory;
  std::vector<float> scale_memory, d_memory, y_memory;
  const std::int8_t* quants = noise(quant_memory, copies * out * in, -128, 128);
  const float* scales = noise(scale_memory, copies * out * in / 32, -1, 1);
  const std::int8_t* q = noise(q_memory, cols * in, -128, 128);
  const float* d = noise(d_memory, cols * in / 32, -1, 1);
  float* y = aligned(y_memory, cols * out);
  std::size_t copy = 0;
  for (auto _ : state) {
    copy = (copy + 1) % copies;
    const PackedMatrix w = {quants + copy * out * in, scales + copy * out * in / 32,
                            static_cast<std::int32_t>(out / 16), static_cast<std::int32_t>(in / 32)};
    kernels->matmul(w, q, d, static_cast<std::int32_t>(cols), y, out);
    benchmark::DoNotOptimize(y);
  }
  set_rate(state, static_cast<double>(out * in * cols));
}

// 512 positions, 4 query heads of 32; MAC/s counts both products.
void attention(benchmark::State& state, const Kernels* kernels) {
  constexpr std::size_t kBlocks = 32, kHeads = 4, kDim = 32;
  std::vector<std::int8_t> query_memory, key_memory;
  std::vector<float> scale_memory, key_scale_memory, scratch_memory, out_memory;
  std::vector<std::uint16_t> value_memory;
  const std::int8_t* query = noise(query_memory, kHeads * kDim, -127, 127);
  const float* scale = noise(scale_memory, kHeads, 0.01, 0.02);
  const std::int8_t* keys = noise(key_memory, kBlocks * kDim * 16, -127, 127);
  const float* key_scales = noise(key_scale_memory, kBlocks * 16, 0.01, 0.02);
  const std::uint16_t* values = noise(value_memory, kBlocks * kDim * 16, 0x3E00, 0x4000);
  std::vector<AttentionBlock> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) blocks.push_back({i, i * 16, 0xFFFF, 0});
  const AttentionArgs args = {query,
                              scale,
                              query,
                              scale,
                              keys,
                              key_scales,
                              values,
                              blocks.data(),
                              kBlocks,
                              kHeads,
                              kDim,
                              1.0f / std::sqrt(32.0f),
                              aligned(scratch_memory, kHeads * kBlocks * 16),
                              aligned(out_memory, kHeads * kDim)};
  for (auto _ : state) {
    kernels->attention(args);
    benchmark::ClobberMemory();
  }
  set_rate(state, 2.0 * kHeads * kDim * kBlocks * 16);
}

void frequencies(benchmark::State& state, const Kernels* kernels) {
  constexpr std::int32_t kVocabulary = 4096;
  std::vector<float> logit_memory, work_memory;
  std::vector<std::uint32_t> freq_memory;
  const float* logits = noise(logit_memory, kVocabulary, -20, 5);
  float* work = aligned(work_memory, kVocabulary);
  std::uint32_t* freqs = aligned(freq_memory, kVocabulary);
  for (auto _ : state) {
    std::copy_n(logits, kVocabulary, work);
    benchmark::DoNotOptimize(kernels->frequencies(work, kVocabulary, freqs));
  }
}

void find(benchmark::State& state, const Kernels* kernels) {
  std::vector<std::uint32_t> freq_memory;
  const std::uint32_t* freqs = noise(freq_memory, 4096, 1, 300000);
  std::uint32_t target = 0, start = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernels->find(freqs, 4096, target, &start));
    target = (target + 77777777) % 500000000;
  }
}

void elementwise(benchmark::State& state, const Kernels* kernels) {
  std::vector<float> a_memory, b_memory, out_memory;
  std::vector<std::int8_t> q_memory;
  const float* a = noise(a_memory, 768, -3, 3);
  const float* b = noise(b_memory, 768, -3, 3);
  float* out = aligned(out_memory, 768);
  std::int8_t* q = aligned(q_memory, 768);
  for (auto _ : state) {
    kernels->silu_mul(a, b, 768, out);
    kernels->rms_norm(out, b, 768, 1e-5f, out);
    kernels->quantize(out, 768, q, out);
    benchmark::ClobberMemory();
  }
}

void register_all() {
  for (const std::string_view name : isa_names()) {
    const auto found = kernels_for(name);
    if (!found) continue;
    const Kernels* kernels = *found;
    const std::string prefix = std::string(name) + "/";
    benchmark::RegisterBenchmark((prefix + "peak").c_str(), peak, kernels);
    auto* products = benchmark::RegisterBenchmark((prefix + "matmul").c_str(), matmul, kernels);
    for (const auto& [out, in] : {std::pair{768, 256}, {256, 768}, {4096, 256}}) {
      for (const int cols : {1, 2, 4, 8, 16, 32}) products->Args({out, in, cols});
    }
    benchmark::RegisterBenchmark((prefix + "attention/512").c_str(), attention, kernels);
    benchmark::RegisterBenchmark((prefix + "frequencies/4096").c_str(), frequencies, kernels);
    benchmark::RegisterBenchmark((prefix + "find/4096").c_str(), find, kernels);
    benchmark::RegisterBenchmark((prefix + "silu_norm_quantize/768").c_str(), elementwise, kernels);
  }
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  koan::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
