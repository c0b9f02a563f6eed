// Learns the start values of the adaptive predictors (src/predict/start.bin) from texts: codes each of them from the
// values so far, averages what the predictors ended with, and again. A tool for a new numerics version; its result is
// part of the numerics.
//
//   learn_start MODEL.gguf ROUNDS OUT TEXT... [--bytes FILE...]
//
// TEXTs are segments (cut to 64 KB) and messages, for coding with the model; TEXTs and FILEs are for coding without.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "base/file.h"
#include "codec/model_store.h"
#include "codec/token_coder.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

constexpr std::size_t kSegment = 64000;
constexpr std::uint64_t kMaxInput = std::uint64_t{1} << 30;

Bytes read_input(const std::string& path, std::size_t most) {
  auto out = read_file(path, kMaxInput);
  if (!out || out->empty()) {
    std::fprintf(stderr, "%s\n", out ? (path + ": empty").c_str() : out.error().message.c_str());
    std::exit(3);
  }
  out->resize(std::min(out->size(), most));
  return std::move(*out);
}

struct Round {
  BitPredictor::Learned learned;
  double bits = 0, bytes = 0, message_bits = 0, message_bytes = 0;

  void add(const BitPredictor& predictor, std::size_t size, double coded_bits) {
    predictor.add_to(learned, std::sqrt(static_cast<double>(size) / kSegment));
    (size < 4096 ? message_bits : bits) += coded_bits;
    (size < 4096 ? message_bytes : bytes) += static_cast<double>(size);
  }
};

void code_tokens(const TokenCoder& coder, Streams& streams, ByteView text, const StartValues& start, Round& round) {
  const Tokenizer& tokenizer = coder.setup().model->tokenizer();
  TokenTables tables{coder.setup().kernels, &coder.tree(), &tokenizer, {}};
  TokenStep step(BitPredictor({PredictorMode::kTokens, kPredictorsAll, tables.kernels}, text.size(), start));
  RangeEncoder out;
  const std::vector<Token> tokens = tokenizer.encode(text);
  streams.reset(0);
  double bits = 0;
  std::vector<Row> rows;
  for (std::size_t at = 0; at < tokens.size(); at += rows.size()) {
    rows.clear();
    for (std::size_t i = at; i < std::min(tokens.size(), at + 16); ++i)
      rows.push_back({0, i == 0 ? tokenizer.bos() : tokens[i - 1]});
    streams.forward(rows);
    for (std::uint32_t r = 0; r < rows.size(); ++r) {
      const NextToken next = streams.next(r);
      bits += step.encode(tables, {next.freqs, next.total}, tokens[at + r], out);
    }
  }
  round.add(*step.predictor(), text.size(), bits);
}

void code_bytes(const Kernels* kernels, ByteView text, const StartValues& start, Round& round) {
  BitPredictor predictor({PredictorMode::kBytes, kPredictorsAll, kernels}, text.size(), start);
  double bits = 0;
  for (const std::uint8_t byte : text) {
    for (int shift = 7; shift >= 0; --shift) {
      const bool bit = (byte >> shift & 1) != 0;
      const std::uint32_t p = predictor.predict_bit({});
      bits -= std::log2((bit ? p : 65536 - p) / 65536.0);
      predictor.update(bit);
    }
  }
  round.add(predictor, text.size(), bits);
}

template <typename Table>
void take_probabilities(Table& table, const std::vector<double>& sums, const std::vector<double>& counts) {
  auto* const out = reinterpret_cast<std::uint16_t*>(&table);
  for (std::size_t i = 0; i < sums.size(); ++i)
    out[i] = counts[i] > 0 ? static_cast<std::uint16_t>(std::clamp(sums[i] / counts[i], 1.0, 65535.0)) : 0;
}

void take(StartValues& start, const BitPredictor::Learned& learned) {
  take_probabilities(start.by_history, learned.by_history, learned.by_history_n);
  take_probabilities(start.by_both, learned.by_both, learned.by_both_n);
  for (std::size_t i = 0; i < kMixWeights; ++i)
    start.weights[i] = static_cast<std::int16_t>(std::lround(learned.weights[i] / learned.n / 16));
}

void report(const char* what, int n, const Round& r) {
  std::printf("%s round %d: %.4f bits per byte of segments, %.4f of messages\n", what, n,
              r.bits / std::max(r.bytes, 1.0), r.message_bits / std::max(r.message_bytes, 1.0));
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  const Kernels* kernels = *choose_kernels();
  const Bytes gguf = read_input(argv[1], std::size_t(-1));
  const std::shared_ptr<const Model> model = *Model::load(gguf);
  const int rounds = std::atoi(argv[2]);
  std::vector<Bytes> texts, files;
  bool bytes = false;
  for (int i = 4; i < argc; ++i) {
    if (std::string(argv[i]) == "--bytes") {
      bytes = true;
    } else {
      (bytes ? files : texts).push_back(read_input(argv[i], kSegment));
    }
  }
  CoderSetup setup;
  setup.model = model;
  setup.kernels = kernels;
  setup.window = default_window(model->config());
  const TokenCoder coder(setup);
  auto streams = Streams::create(model, kernels, setup.window, 1, 16);
  auto start = std::make_unique<std::array<StartValues, 2>>(
      std::array<StartValues, 2>{start_values(PredictorMode::kTokens), start_values(PredictorMode::kBytes)});
  for (int n = 1; n <= rounds; ++n) {
    Round with_model, without;
    for (const Bytes& text : texts) {
      code_tokens(coder, *streams, text, (*start)[0], with_model);
      if (text.size() >= 4096) code_bytes(kernels, text, (*start)[1], without);
    }
    for (const Bytes& file : files) code_bytes(kernels, file, (*start)[1], without);
    take((*start)[0], with_model.learned);
    take((*start)[1], without.learned);
    report("tokens", n, with_model);
    report("bytes", n, without);
  }
  static_assert(sizeof(StartValues) % 2 == 0);
  std::ofstream out(argv[3], std::ios::binary);
  for (const StartValues& values : *start) {
    const auto* const numbers = reinterpret_cast<const std::uint16_t*>(&values);
    for (std::size_t i = 0; i < sizeof(StartValues) / 2; ++i) {
      out.put(static_cast<char>(numbers[i] & 0xFF));
      out.put(static_cast<char>(numbers[i] >> 8));
    }
  }
  return out.flush() ? 0 : 3;
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: learn_start MODEL.gguf ROUNDS OUT TEXT... [--bytes FILE...]\n");
    return 2;
  }
  return koan::run(argc, argv);
}
