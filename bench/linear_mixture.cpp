// Compares two ways of mixing a model with what a text teaches (issue 3): the linear mixture over the vocabulary of
// vocabulary_mixture.h, and the built one, bits down the vocabulary tree (src/predict, docs/numerics.md section 12).
// All ways code the same model frequencies in one run; ideal code lengths count. One stream for each text.
//
//   linear_mixture MODEL.gguf TEXT... [--learn TEXT...]
//
// Start values of "linear", "bitwise" and "both" are learned from the TEXTs after --learn only; "shipped" is bitwise
// with src/predict/start.bin. "both" codes bitwise with the mixture's frequencies in the place of the model's.
// TEXTs under 4 KB count as messages.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string>

#include "base/file.h"
#include "codec/model_store.h"
#include "codec/token_coder.h"
#include "kernels/dispatch.h"
#include "predict/hash.h"
#include "vocabulary_mixture.h"

namespace koan {
namespace {

constexpr int kRounds = 3;
constexpr std::array<double, kRounds> kLearningRates{0.2, 0.08, 0.032};
constexpr double kCodingRate = 0.1;
constexpr std::size_t kMessage = 4096, kSegment = 64000;

enum Way : std::size_t { kAlone, kLinear, kBitwise, kShipped, kBoth, kWays };
constexpr std::array<const char*, kWays> kNames{"model", "linear", "bitwise", "shipped", "both"};

struct Text {
  std::string name;
  Bytes bytes;
};

struct Sum {
  std::array<double, kWays> bits{}, seconds{};
  double bytes = 0, tokens = 0;

  void add(const Sum& other) {
    for (std::size_t w = 0; w < kWays; ++w) bits[w] += other.bits[w], seconds[w] += other.seconds[w];
    bytes += other.bytes;
    tokens += other.tokens;
  }
  void print(const char* name) const {
    std::printf("%-12s", name);
    for (const double b : bits) std::printf(" %9.4f", b / std::max(bytes, 1.0));
    std::printf("\n");
    std::fflush(stdout);
  }
};

// What coding starts from, per way; learned in rounds.
struct Starts {
  Gates gates;
  std::array<std::unique_ptr<StartValues>, kWays> bitwise;
};

using Learned = std::array<BitPredictor::Learned, kWays>;

// Of this thread: other programs do not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Comparison {
 public:
  Comparison(const TokenCoder& coder, Streams& streams)
      : streams_(streams),
        tokenizer_(coder.setup().model->tokenizer()),
        tables_{coder.setup().kernels, &coder.tree(), &tokenizer_, {}} {}

  // Codes a text in every way. Gates learn in place; what the predictors learned is added to `learned` if not null.
  Sum code(const Text& text, Gates& gates, const Starts& starts, Learned* learned);

 private:
  Frequencies without_specials(NextToken next) const;
  template <typename Work>
  static void timed(double& seconds, Work work) {
    const double begin = processor_seconds();
    work();
    seconds += processor_seconds() - begin;
  }

  Streams& streams_;
  const Tokenizer& tokenizer_;
  TokenTables tables_;
};

// No way can code special tokens; their mass would count against the model alone.
Frequencies Comparison::without_specials(NextToken next) const {
  for (Token t = 0; t < next.freqs.size(); ++t) {
    if (!tokenizer_.is_special(t)) continue;
    next.total -= next.freqs[t];
    next.freqs[t] = 0;
  }
  return {next.freqs, next.total};
}

Sum Comparison::code(const Text& text, Gates& gates, const Starts& starts, Learned* learned) {
  LinearMixture linear(tokenizer_, gates);
  const auto bitwise = [&](const StartValues& start) {
    const PredictorSetup setup{PredictorMode::kTokens, kPredictorsAll, tables_.kernels};
    return TokenStep(BitPredictor(setup, text.bytes.size(), start));
  };
  std::array<TokenStep, 3> steps{bitwise(*starts.bitwise[kBitwise]), bitwise(*starts.bitwise[kShipped]),
                                 bitwise(*starts.bitwise[kBoth])};
  const std::vector<Token> tokens = tokenizer_.encode(text.bytes);
  Sum sum;
  sum.bytes = static_cast<double>(text.bytes.size());
  sum.tokens = static_cast<double>(tokens.size());
  RangeEncoder out;
  streams_.reset(0);
  std::vector<Row> rows;
  for (std::size_t at = 0; at < tokens.size(); at += rows.size()) {
    rows.clear();
    for (std::size_t i = at; i < std::min(tokens.size(), at + 16); ++i)
      rows.push_back({0, i == 0 ? tokenizer_.bos() : tokens[i - 1]});
    timed(sum.seconds[kAlone], [&] { streams_.forward(rows); });
    for (std::uint32_t r = 0; r < rows.size(); ++r) {
      const Token token = tokens[at + r];
      Frequencies next{}, mixed{};
      timed(sum.seconds[kAlone], [&] { next = without_specials(streams_.next(r)); });
      sum.bits[kAlone] += std::log2(static_cast<double>(next.total) / next.freqs[token]);
      timed(sum.seconds[kLinear], [&] {
        mixed = linear.predict(next);
        sum.bits[kLinear] += std::log2(static_cast<double>(mixed.total) / mixed.freqs[token]);
        linear.update(token);
      });
      for (const Way way : {kBitwise, kShipped, kBoth})
        timed(sum.seconds[way],
              [&] { sum.bits[way] += steps[way - kBitwise].encode(tables_, way == kBoth ? mixed : next, token, out); });
    }
  }
  for (std::size_t way = kBitwise; learned != nullptr && way < kWays; ++way)
    steps[way - kBitwise].predictor()->add_to((*learned)[way], std::sqrt(sum.bytes / kSegment));
  return sum;
}

// As bench/learn_start.cpp does.
void take(StartValues& start, const BitPredictor::Learned& learned) {
  const auto probabilities = [](auto& table, const std::vector<double>& sums, const std::vector<double>& counts) {
    auto* const out = reinterpret_cast<std::uint16_t*>(&table);
    for (std::size_t i = 0; i < sums.size(); ++i)
      out[i] = counts[i] > 0 ? static_cast<std::uint16_t>(std::clamp(sums[i] / counts[i], 1.0, 65535.0)) : 0;
  };
  probabilities(start.by_history, learned.by_history, learned.by_history_n);
  probabilities(start.by_both, learned.by_both, learned.by_both_n);
  for (std::size_t i = 0; i < kMixWeights; ++i)
    start.weights[i] = static_cast<std::int16_t>(std::lround(learned.weights[i] / learned.n / 16));
}

// Nothing learned yet: listen to the model, a little to everything else.
StartValues untaught() {
  StartValues start{};
  const std::size_t final_weights = kMixWeights - kFinalSelectors * kMixSets;
  for (std::size_t i = 0; i < kMixWeights; ++i)
    start.weights[i] = i >= final_weights ? 4096 / kMixSets : i % kMixInputs == 0 ? 3277 : 200;
  return start;
}

void learn(Comparison& comparison, const std::vector<Text>& texts, Starts& starts) {
  std::vector<const Text*> order;
  for (const Text& text : texts) order.push_back(&text);
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    std::sort(order.begin(), order.end(), [&](const Text* a, const Text* b) {
      const auto place = [&](const Text* t) { return hash_pair(round, static_cast<std::uint32_t>(t - texts.data())); };
      return place(a) < place(b);
    });
    Learned learned;
    Sum segments, messages;
    starts.gates.rate = kLearningRates[round];
    for (const Text* text : order)
      (text->bytes.size() < kMessage ? messages : segments).add(comparison.code(*text, starts.gates, starts, &learned));
    take(*starts.bitwise[kBitwise], learned[kBitwise]);
    take(*starts.bitwise[kBoth], learned[kBoth]);
    std::printf("learning, round %u\n", round + 1);
    segments.print("  files");
    messages.print("  messages");
  }
}

void evaluate(Comparison& comparison, const std::vector<Text>& texts, const Starts& starts) {
  std::printf("%-12s", "bits/byte");
  for (const char* name : kNames) std::printf(" %9s", name);
  std::printf("\n");
  Sum segments, messages, all;
  for (const Text& text : texts) {
    Gates gates = starts.gates;
    gates.rate = kCodingRate;
    const Sum sum = comparison.code(text, gates, starts, nullptr);
    const bool message = text.bytes.size() < kMessage;
    if (!message) sum.print(text.name.c_str());
    (message ? messages : segments).add(sum);
    all.add(sum);
  }
  segments.print("files");
  messages.print("messages");
  std::printf("%-12s", "us/token");
  for (const double s : all.seconds) std::printf(" %9.2f", s / all.tokens * 1e6);
  std::printf("   (model; then the mixing alone)\n");
}

int run(int argc, char** argv) {
  // Empty if it cannot be read; both callers refuse that.
  const auto read = [](const std::string& path) {
    auto bytes = read_file(path, std::uint64_t{1} << 30);
    return bytes ? std::move(*bytes) : Bytes();
  };
  const Kernels* const kernels = *choose_kernels();
  const Bytes gguf = read(argv[1]);
  const auto loaded = Model::load(gguf);
  if (!loaded) {
    std::fprintf(stderr, "%s: no model that can be read\n", argv[1]);
    return 3;
  }
  const std::shared_ptr<const Model> model = *loaded;
  std::vector<Text> texts, lessons;
  bool learning = false;
  for (int i = 2; i < argc; ++i) {
    const std::string path = argv[i];
    if (path == "--learn") {
      learning = true;
      continue;
    }
    Bytes bytes = read(path);
    if (bytes.empty()) {
      std::fprintf(stderr, "%s: cannot be read or empty\n", path.c_str());
      return 3;
    }
    (learning ? lessons : texts).push_back({path.substr(path.rfind('/') + 1), std::move(bytes)});
  }
  CoderSetup setup;
  setup.model = model;
  setup.kernels = kernels;
  setup.window = default_window(model->config());
  const TokenCoder coder(setup);
  auto streams = Streams::create(model, setup.kernels, setup.window, 1, 16);
  Starts starts;
  for (std::size_t way = kBitwise; way < kWays; ++way)
    starts.bitwise[way] = std::make_unique<StartValues>(start_values(PredictorMode::kTokens));
  Comparison comparison(coder, *streams);
  if (!lessons.empty()) {
    // Not from the shipped values: they may have seen the texts to be coded.
    *starts.bitwise[kBitwise] = *starts.bitwise[kBoth] = untaught();
    learn(comparison, lessons, starts);
  }
  evaluate(comparison, texts, starts);
  return 0;
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: linear_mixture MODEL.gguf TEXT... [--learn TEXT...]\n");
    return 2;
  }
  return koan::run(argc, argv);
}
