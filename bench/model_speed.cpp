// How much of the processor's int8 peak a model reaches by itself, on one thread, without coder and predictors:
//
//   model_speed MODEL.gguf [ROUNDS [ROWS [STREAMS]]]
//
// In each round, in this order: the peak; prefill of 512 tokens from an empty cache, ROWS (default 64) a pass, with
// every distribution counted; batched decode, one row of each of STREAMS (default 64) streams a pass, with
// distributions, from position 128 on. Tokens are random. One line of JSON: medians over the rounds. `matrices` counts
// the multiply-adds of the linear layers alone; `with_attention` those of queries with keys and of weights with values
// too, which are int8 products as well, each once.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "base/file.h"
#include "kernels/dispatch.h"
#include "model/streams.h"

namespace koan {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{4} << 30;
constexpr Window kWindow{512, 4};
constexpr std::uint32_t kPrefill = 512, kDecodeFrom = 128, kDecodePasses = 16;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Rates of one kind of pass: tokens a second, and multiply-adds as shares of the peak of the same round.
struct Rates {
  std::vector<double> tokens, matrices, with_attention;

  void add(double n, double seconds, double work, double attention, double peak) {
    tokens.push_back(n / seconds);
    matrices.push_back(n * work / seconds / peak);
    with_attention.push_back((n * work + attention) / seconds / peak);
  }
  void print(const char* name) const {
    std::printf("\"%s\": {\"tokens_per_second\": %.1f, \"matrices\": %.3f, \"with_attention\": %.3f}", name,
                median(tokens), median(matrices), median(with_attention));
  }
};

class Bench {
 public:
  Bench(std::shared_ptr<const Model> model, const Kernels& kernels, Streams streams, std::uint32_t rows,
        std::uint32_t n)
      : model_(std::move(model)), kernels_(kernels), streams_(std::move(streams)), rows_(rows), n_streams_(n) {}

  void round() {
    const double peak = measure_peak(), work = static_cast<double>(model_->multiply_adds_per_token());
    streams_.reset(0);
    auto start = std::chrono::steady_clock::now();
    prefill(0, kPrefill, true);
    // Position p attends to p + 1 positions.
    prefill_.add(kPrefill, seconds_since(start), work, per_position() * kPrefill * (kPrefill + 1) / 2, peak);
    for (std::uint32_t s = 0; s < n_streams_; ++s) {
      streams_.reset(s);
      prefill(s, kDecodeFrom, false);
    }
    const double tokens = static_cast<double>(n_streams_) * kDecodePasses;
    start = std::chrono::steady_clock::now();
    for (std::uint32_t pass = 0; pass < kDecodePasses; ++pass) decode_pass();
    decode_.add(tokens, seconds_since(start), work, per_position() * tokens * (kDecodeFrom + (kDecodePasses + 1) / 2.0),
                peak);
  }

  void print() const {
    std::printf("{\"kernels\": \"%s\", \"peak_gmacs\": %.1f, \"rows\": %u, \"streams\": %u, ", kernels_.name,
                median(peaks_) / 1e9, rows_, n_streams_);
    prefill_.print("prefill");
    std::printf(", ");
    decode_.print("decode");
    std::printf("}\n");
  }

 private:
  // Multiply-adds of attention for one query position and one position attended to, over all layers.
  double per_position() const {
    const ModelConfig& c = model_->config();
    return 2.0 * static_cast<double>(c.layers) * c.heads * c.head_dim;
  }

  double measure_peak() {
    constexpr double kSeconds = 0.1;
    std::uint64_t done = 0;
    const auto start = std::chrono::steady_clock::now();
    while (seconds_since(start) < kSeconds) done += kernels_.int8_peak(20000, &sink_);
    peaks_.push_back(static_cast<double>(done) / seconds_since(start));
    return peaks_.back();
  }

  Token token() { return static_cast<Token>(random_() % model_->config().vocabulary); }

  void prefill(std::uint32_t stream, std::uint32_t count, bool distributions) {
    std::vector<Row> rows;
    for (std::uint32_t done = 0; done < count; done += static_cast<std::uint32_t>(rows.size())) {
      rows.assign(std::min(rows_, count - done), Row{});
      for (Row& row : rows) row = {stream, token()};
      streams_.forward(rows);
      if (distributions) count_frequencies(rows.size());
    }
  }

  void decode_pass() {
    std::vector<Row> rows;
    for (std::uint32_t s = 0; s < n_streams_; ++s) rows.push_back({s, token()});
    streams_.forward(rows);
    count_frequencies(rows.size());
  }

  void count_frequencies(std::size_t rows) {
    for (std::uint32_t r = 0; r < rows; ++r) sink_ += static_cast<std::int32_t>(streams_.next(r).total & 1);
  }

  std::shared_ptr<const Model> model_;
  const Kernels& kernels_;
  Streams streams_;
  std::uint32_t rows_, n_streams_;
  std::int32_t sink_ = 3;
  std::mt19937 random_;
  std::vector<double> peaks_;
  Rates prefill_, decode_;
};

Status run(const char* path, unsigned rounds, std::uint32_t rows, std::uint32_t n_streams) {
  KOAN_ASSIGN(const Bytes data, read_file(path, kMaxFile));
  KOAN_ASSIGN(std::shared_ptr<const Model> model, Model::load(data));
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_ASSIGN(Streams streams, Streams::create(model, kernels, kWindow, n_streams, std::max(rows, n_streams)));
  Bench bench(std::move(model), *kernels, std::move(streams), rows, n_streams);
  for (unsigned i = 0; i < rounds; ++i) bench.round();
  bench.print();
  return {};
}

}  // namespace
}  // namespace koan

int main(int count, char** arguments) {
  const auto number = [&](int i, unsigned otherwise) {
    return count > i ? static_cast<unsigned>(std::atoi(arguments[i])) : otherwise;
  };
  const unsigned rounds = number(2, 5), rows = number(3, 64), streams = number(4, 64);
  if (count < 2 || rounds < 1 || rows < 1 || rows > 1024 || streams < 1 || streams > 1024) {
    std::fprintf(stderr, "usage: model_speed MODEL.gguf [ROUNDS [ROWS [STREAMS]]], rows and streams up to 1024\n");
    return 2;
  }
  const koan::Status done = koan::run(arguments[1], rounds, rows, streams);
  if (done) return 0;
  std::fprintf(stderr, "model_speed: %s\n", done.error().message.c_str());
  return 1;
}
