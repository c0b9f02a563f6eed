// What an adapter costs merged and unmerged (docs/decisions/005-merged-adapters.md), on one thread:
//
//   lora_unmerged MODEL.gguf [RANK]
//
// 1. The adapted linear layers of a model, with and without a low-rank pair beside each of the seven matrices of a
//    block: y = W q + B quantise(A q), on the int8 kernels that inference uses, ranks padded to groups of 32.
// 2. The same extra time against a whole step of inference, measured in this run.
// 3. Merging: time and memory.
// 4. What streams lose when they may not share a call, as streams of different merged models may not.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>

#include "base/file.h"
#include "formats/adapter.h"
#include "kernels/dispatch.h"
#include "model/streams.h"
#include "model/weights.h"

namespace koan {
namespace {

constexpr std::size_t kRounds = 61;

using Work = std::function<void()>;

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

// Two pieces of work in turn, so that both meet the same neighbours on the machine. CPU time of this thread; the
// ratio is the median of those of the rounds, with its quartiles.
struct Comparison {
  double first, second;  // milliseconds, lower quartiles
  double ratio, low, high;
};

Comparison compare(const Work& first, const Work& second) {
  const auto run = [](const Work& work, int repeats) {
    const double start = cpu_ms();
    for (int i = 0; i < repeats; ++i) work();
    return (cpu_ms() - start) / repeats;
  };
  first();
  second();
  const int repeats = std::max(1, static_cast<int>(6.0 / std::max(run(first, 1), 0.01)));
  std::vector<double> a, b, ratio;
  for (std::size_t i = 0; i < kRounds; ++i) {
    a.push_back(run(first, repeats));
    b.push_back(run(second, repeats));
    ratio.push_back(b.back() / a.back());
  }
  return {quantile(a, 0.25), quantile(b, 0.25), quantile(ratio, 0.5), quantile(ratio, 0.25), quantile(ratio, 0.75)};
}

std::vector<float> noise(std::size_t n, double size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-size, size);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(uniform(random));
  return out;
}

PackedStorage random_matrix(std::uint64_t rows, std::uint64_t in, unsigned seed) {
  const std::uint64_t padded = round_up(in, kGroup);
  const Bytes q8 = quantize_q8_0(noise(rows * padded, 0.05, seed));
  PackedStorage out = PackedStorage::create(rows, padded).value();
  const GgufTensor tensor{"random", {padded, rows}, GgmlType::kQ8_0, q8};
  if (!out.put(tensor, {})) std::abort();
  return out;
}

// One matrix of a block, with its pair of an adapter.
struct Layer {
  PackedStorage w, a, b;
};

class Layers {
 public:
  Layers(const Weights& weights, std::uint32_t rank, std::uint32_t columns, const Kernels& kernels)
      : kernels_(kernels), columns_(columns) {
    const std::uint64_t padded_rank = round_up(rank, kGroup);
    std::uint64_t widest = padded_rank;
    for (std::uint32_t block = 0; block < weights.config.layers; ++block) {
      for (const Weights::Linear& linear : weights.linear_layers()) {
        layers_.push_back({random_matrix(linear.out, linear.in, 1), random_matrix(padded_rank, linear.in, 2),
                           random_matrix(linear.out, padded_rank, 3)});
        widest = std::max<std::uint64_t>({widest, layers_.back().w.padded_in(), layers_.back().w.padded_rows()});
      }
    }
    const std::size_t size = widest * columns;
    if (!x_.allocate(size) || !y_.allocate(size) || !extra_.allocate(size) || !low_.allocate(size) ||
        !q_.allocate(size) || !q_low_.allocate(size) || !d_.allocate(size) || !d_low_.allocate(size))
      std::abort();
    const std::vector<float> values = noise(size, 1, 4);
    std::copy(values.begin(), values.end(), x_.data());
  }

  // Activations are quantised for each matrix, although q, k and v share theirs: the same on both sides.
  void run(bool with_adapter) {
    const auto n = static_cast<std::int32_t>(columns_);
    for (const Layer& layer : layers_) {
      kernels_.quantize(x_.data(), n * static_cast<std::int32_t>(layer.w.padded_in()), q_.data(), d_.data());
      kernels_.matmul(layer.w.matrix(), q_.data(), d_.data(), n, y_.data(), layer.w.padded_rows());
      if (!with_adapter) continue;
      kernels_.matmul(layer.a.matrix(), q_.data(), d_.data(), n, low_.data(), layer.a.padded_rows());
      kernels_.quantize(low_.data(), n * static_cast<std::int32_t>(layer.a.padded_rows()), q_low_.data(),
                        d_low_.data());
      kernels_.matmul(layer.b.matrix(), q_low_.data(), d_low_.data(), n, extra_.data(), layer.b.padded_rows());
      kernels_.add(y_.data(), extra_.data(), n * static_cast<std::int32_t>(layer.b.padded_rows()));
    }
  }

 private:
  const Kernels& kernels_;
  std::uint32_t columns_;
  std::vector<Layer> layers_;
  AlignedBuffer<float> x_, y_, extra_, low_, d_, d_low_;
  AlignedBuffer<std::int8_t> q_, q_low_;
};

// One step of `streams` streams in one call, or one by one; contexts grow to the window, as in a record.
Work step(const std::shared_ptr<const Model>& model, const Kernels* kernels, std::uint32_t streams, bool one_by_one) {
  auto all = std::make_shared<Streams>(Streams::create(model, kernels, {256, 4}, streams, streams).value());
  auto tick = std::make_shared<std::uint32_t>(0);
  return [=] {
    std::vector<Row> rows;
    for (std::uint32_t s = 0; s < streams; ++s) rows.push_back({s, (*tick * 7 + s * 13) % model->config().vocabulary});
    ++*tick;
    for (std::uint32_t s = 0; s < streams; s += one_by_one ? 1 : streams) {
      const std::uint32_t n = one_by_one ? 1 : streams;
      all->forward({rows.data() + s, n});
      for (std::uint32_t i = 0; i < n; ++i) {
        if (all->next(i).total == 0) std::abort();
      }
    }
  };
}

Adapter random_adapter(const Weights& weights, std::uint32_t rank) {
  Adapter out;
  out.architecture = weights.config.architecture;
  out.alpha = static_cast<float>(2 * rank);
  for (std::uint32_t block = 0; block < weights.config.layers; ++block) {
    for (const Weights::Linear& linear : weights.linear_layers()) {
      out.tensors.push_back({"blk." + std::to_string(block) + "." + linear.name, rank,
                             static_cast<std::uint32_t>(linear.in), static_cast<std::uint32_t>(linear.out),
                             noise(rank * linear.in, 0.05, block + 1), noise(rank * linear.out, 0.05, block + 2)});
    }
  }
  return out;
}

std::uint64_t block_bytes(const Weights& weights) {
  std::uint64_t out = 0;
  for (const LayerWeights& l : weights.layers)
    out += l.qkv.bytes() + l.attention_output.bytes() + l.gate_up.bytes() + l.down.bytes();
  return out;
}

int run(const std::string& path, std::uint32_t rank) {
  const auto file = read_file(path, std::uint64_t{8} << 30);
  if (!file) return std::fprintf(stderr, "%s\n", file.error().message.c_str()), 1;
  const auto loaded = Model::load(*file);
  if (!loaded) return std::fprintf(stderr, "%s\n", loaded.error().message.c_str()), 1;
  const std::shared_ptr<const Model>& model = *loaded;
  const Kernels* kernels = choose_kernels().value();
  std::printf("%s, rank %u, kernels %s, one thread; CPU milliseconds; ratios: median of %zu rounds, quartiles\n",
              path.c_str(), rank, kernels->name, kRounds);
  for (const std::uint32_t columns : {1u, 16u}) {
    Layers layers(model->weights(), rank, columns, *kernels);
    const Comparison c = compare([&] { layers.run(false); }, [&] { layers.run(true); });
    const Comparison whole = compare([&] { layers.run(false); }, step(model, kernels, columns, false));
    std::printf(
        "batch %2u: block matrices %.4f, with pairs %.4f, ratio %.3f (%.3f .. %.3f); whole step %.4f: "
        "unmerged costs %+.1f%% of it\n",
        columns, c.first, c.second, c.ratio, c.low, c.high, whole.second, 100 * (c.ratio - 1) / whole.ratio);
  }
  const Adapter adapter = random_adapter(model->weights(), rank);
  std::shared_ptr<const Model> merged;
  const Comparison c = compare([&] { merged = Model::with_adapter(*model, adapter).value(); },
                               [&] { (void)Model::load(*file).value(); });
  std::printf("merge %.2f, loading the model %.2f; new memory %.2f MB of %.2f MB; the pairs are %.2f MB in F16\n",
              c.first, c.second, static_cast<double>(block_bytes(merged->weights())) * 1e-6,
              static_cast<double>(block_bytes(model->weights()) + model->weights().embedding.bytes()) * 1e-6,
              static_cast<double>(adapter.parameters()) * 2e-6);
  for (const std::uint32_t streams : {1u, 2u, 4u, 8u, 16u}) {
    const Comparison with = compare(step(model, kernels, streams, false), step(merged, kernels, streams, false));
    const Comparison alone = compare(step(merged, kernels, streams, false), step(merged, kernels, streams, true));
    std::printf(
        "%2u streams in a call: %.4f a token; merged, ratio %.3f (%.3f .. %.3f); one by one, ratio %.2f (%.2f .. "
        "%.2f)\n",
        streams, with.first / streams, with.ratio, with.low, with.high, alone.ratio, alone.low, alone.high);
  }
  return 0;
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("lora_unmerged MODEL.gguf [RANK]\n", stderr), 2;
  const int rank = argc > 2 ? std::atoi(argv[2]) : 16;
  return koan::run(argv[1], static_cast<std::uint32_t>(std::clamp(rank, 1, 256)));
}
