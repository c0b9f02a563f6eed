// Speed of the kernels of every instruction set of this machine: Google Benchmark, run by hand.
// MAC/s counts int8 multiply-adds; of_peak is the share of int8_peak, measured right before. of_reading, of one column:
// the share of the speed at which the same weights can be read and nothing done with them. exact_to_loose calls the
// exact kernel and the one of bench_loose_*.cpp in turn and gives the ratio of their times (1.05: exactness costs 5%).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace koan {

#if defined(__x86_64__)
const Kernels* loose_avx2_kernels() noexcept;
const Kernels* loose_avx512_kernels() noexcept;
const Kernels* loose_vnni_kernels() noexcept;
const Kernels* loose_amx_kernels() noexcept;
const Kernels* loose_avxvnni_kernels() noexcept;
#endif

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

// Processor time of this thread: what else runs on the machine shall not count.
double seconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double peak_rate(const Kernels* kernels) {
  std::int32_t sink = 1;
  double done = 0;
  const double start = seconds();
  while (seconds() - start < 0.01) done += static_cast<double>(kernels->int8_peak(10000, &sink));
  return done / (seconds() - start);
}

// Several copies of the matrix in turn, so that the weights come from where the weights of a model come from: not
// level 1.
class Product {
 public:
  explicit Product(const benchmark::State& state)
      : out_(static_cast<std::size_t>(state.range(0))),
        in_(static_cast<std::size_t>(state.range(1))),
        cols_(static_cast<std::size_t>(state.range(2))),
        copies_((std::size_t{4} << 20) / (out_ * in_) + 1),
        quants_(noise(quant_memory_, copies_ * out_ * in_, -128, 128)),
        scales_(noise(scale_memory_, copies_ * out_ * in_ / 32, -1, 1)),
        q_(noise(q_memory_, cols_ * in_, -127, 128)),
        d_(noise(d_memory_, cols_ * in_ / 32, -1, 1)),
        y_(aligned(y_memory_, cols_ * out_)) {}

  // Bytes of weights and scales a second, read in the order of next() and added up.
  double read_rate() {
    double bytes = 0;
    const double start = seconds();
    const std::size_t quants = out_ * in_, scales = quants / 32;
    while (seconds() - start < 0.02) {
      for (std::size_t i = 0; i < copies_; ++i) {  // all of them: a look at the clock takes a microsecond
        next();
        bytes +=
            static_cast<double>(read(quants_ + copy_ * quants, quants) + read(scales_ + copy_ * scales, 4 * scales));
      }
    }
    return bytes / (seconds() - start);
  }
  double bytes() const { return static_cast<double>(out_ * in_) * (1 + 4.0 / 32); }

  double macs() const { return static_cast<double>(out_ * in_ * cols_); }
  void next() { copy_ = (copy_ + 1) % copies_; }
  void run(const Kernels* kernels) {
    const PackedMatrix w = {quants_ + copy_ * out_ * in_, scales_ + copy_ * out_ * in_ / 32,
                            static_cast<std::int32_t>(out_ / 16), static_cast<std::int32_t>(in_ / 32)};
    kernels->matmul(w, q_, d_, static_cast<std::int32_t>(cols_), y_, out_);
    benchmark::DoNotOptimize(y_);
  }

 private:
  // At four places at once: from one alone less comes than from several.
  static std::size_t read(const void* from, std::size_t size) {
    using Words = std::uint64_t __attribute__((vector_size(32)));
    const auto* words = static_cast<const Words*>(from);
    const std::size_t quarter = size / sizeof(Words) / 4;
    Words sums[4] = {};
    for (std::size_t i = 0; i < quarter; ++i) {
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) sums[k] += words[k * quarter + i];
    }
    Words all = sums[0] + sums[1] + sums[2] + sums[3];  // a copy: what is shown to others stays in memory
    benchmark::DoNotOptimize(all);
    return size;
  }

  std::size_t out_, in_, cols_, copies_, copy_ = 0;
  std::vector<std::int8_t> quant_memory_, q_memory_;
  std::vector<float> scale_memory_, d_memory_, y_memory_;
  const std::int8_t* quants_;
  const float* scales_;
  const std::int8_t* q_;
  const float* d_;
  float* y_;
};

void matmul(benchmark::State& state, const Kernels* kernels) {
  Product product(state);
  const double peak = peak_rate(kernels), reading = state.range(2) == 1 ? product.read_rate() : 0;
  for (auto _ : state) {
    product.next();
    product.run(kernels);
  }
  set_rate(state, product.macs());
  state.counters["of_peak"] =
      benchmark::Counter(product.macs() * static_cast<double>(state.iterations()) / peak, benchmark::Counter::kIsRate);
  if (reading != 0)
    state.counters["of_reading"] = benchmark::Counter(
        product.bytes() * static_cast<double>(state.iterations()) / reading, benchmark::Counter::kIsRate);
}

void exact_to_loose(benchmark::State& state, const Kernels* exact, const Kernels* loose) {
  Product product(state);
  std::vector<double> ratios;
  for (auto _ : state) {
    double times[2] = {};
    for (int round = 0; round < 4; ++round) {
      for (const int which : {round % 2, 1 - round % 2}) {  // each is first as often as the other
        product.next();
        const double start = seconds();
        product.run(which == 0 ? exact : loose);
        times[which] += seconds() - start;
      }
    }
    ratios.push_back(times[0] / times[1]);
  }
  std::sort(ratios.begin(), ratios.end());
  state.counters["ratio"] = ratios[ratios.size() / 2];
  state.counters["lower_quartile"] = ratios[ratios.size() / 4];
  state.counters["upper_quartile"] = ratios[ratios.size() * 3 / 4];
}

// 512 positions, 4 query heads of 32; MAC/s counts both products.
void attention(benchmark::State& state, const Kernels* kernels) {
  constexpr std::size_t kBlocks = 32, kHeads = 4, kDim = 32;
  std::vector<std::int8_t> query_memory, key_memory, value_memory;
  std::vector<float> scale_memory, key_scale_memory, value_scale_memory, scratch_memory, out_memory;
  const std::int8_t* query = noise(query_memory, kHeads * kDim, -127, 127);
  const float* scale = noise(scale_memory, kHeads, 0.01, 0.02);
  const std::int8_t* keys = noise(key_memory, kBlocks * kDim * 16, -127, 127);
  const float* key_scales = noise(key_scale_memory, kBlocks * 16, 0.01, 0.02);
  const std::int8_t* values = noise(value_memory, kBlocks * kDim * 16, -127, 127);
  const float* value_scales = noise(value_scale_memory, kBlocks * 16, 0.01, 0.02);
  std::vector<AttentionBlock> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) blocks.push_back({i, i * 16, 0xFFFF, 0});
  const AttentionArgs args = {query,
                              scale,
                              query,
                              scale,
                              keys,
                              key_scales,
                              values,
                              value_scales,
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

const Kernels* loose(std::string_view name) {
#if defined(__x86_64__)
  if (name == "avx2") return loose_avx2_kernels();
  if (name == "avxvnni") return loose_avxvnni_kernels();
  if (name == "avx512") return loose_avx512_kernels();
  if (name == "vnni") return loose_vnni_kernels();
  if (name == "amx") return loose_amx_kernels();
#endif
  static_cast<void>(name);
  return nullptr;
}

// Matrices of the embedded nano (256 wide, 704 in the middle, 4096 words), then of SmolLM2-135M (576, 1536, 49152).
void add_shapes(benchmark::internal::Benchmark* wanted) {
  constexpr std::pair<int, int> kShapes[] = {{256, 256}, {704, 256},  {256, 704},  {4096, 256},
                                             {576, 576}, {1536, 576}, {576, 1536}, {49152, 576}};
  for (const auto& [out, in] : kShapes) {
    for (const int cols : {1, 8, 32, 64}) wanted->Args({out, in, cols});
  }
}

void register_all() {
  for (const std::string_view name : isa_names()) {
    const auto found = kernels_for(name);
    if (!found) continue;
    const Kernels* kernels = *found;
    const std::string prefix = std::string(name) + "/";
    benchmark::RegisterBenchmark((prefix + "peak").c_str(), peak, kernels);
    add_shapes(benchmark::RegisterBenchmark((prefix + "matmul").c_str(), matmul, kernels));
    if (const Kernels* other = loose(name))
      add_shapes(benchmark::RegisterBenchmark((prefix + "exact_to_loose").c_str(), exact_to_loose, kernels, other));
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
