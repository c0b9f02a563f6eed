// Tokens per second of koan's model coding, both ways, whether or not the model is worth it for this text:
//
//   token_speed MODEL.gguf FILE [SEGMENT_BYTES [THREADS [STREAMS]]]
//
// FILE is cut into segments that are coded, decoded again in lockstep, STREAMS a thread (default: as the library does), and compared. One line of
// JSON: the time of a run includes the coder and the predictors, and not the loading of the model.
// bench/peers/llama_cpp.py runs it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "codec/token_coder.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{4} << 30;
constexpr Window kWindow{512, 4};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Shape {
  std::size_t segment_bytes;
  unsigned threads, streams;
};

Status run(const char* model_path, const char* path, const Shape& shape) {
  const auto [segment_bytes, threads, streams] = shape;
  KOAN_ASSIGN(const Bytes data, read_file(model_path, kMaxFile));
  CoderSetup setup;
  KOAN_ASSIGN(setup.model, Model::load(data));
  KOAN_ASSIGN(setup.kernels, choose_kernels());
  setup.window = kWindow;
  setup.threads = threads;
  setup.streams = streams;
  KOAN_ASSIGN(const Bytes text, read_file(path, kMaxFile));
  std::vector<EncodeJob> encodings;
  for (ByteView rest = text; !rest.empty(); rest = rest.subspan(std::min(rest.size(), segment_bytes)))
    encodings.push_back({.text = rest.first(std::min(rest.size(), segment_bytes)), .coded = {}});
  Progress progress({}, text.size());

  TokenCoder encoder(setup);
  auto start = std::chrono::steady_clock::now();
  KOAN_TRY(encoder.encode(encodings, progress));
  const double encode_seconds = seconds_since(start);
  std::uint64_t tokens = 0, coded_bytes = 0;
  std::vector<DecodeJob> decodings;
  for (const EncodeJob& job : encodings) {
    tokens += job.tokens;
    coded_bytes += job.coded.size();
    decodings.push_back({.coded = job.coded, .text_bytes = job.text.size(), .text = {}});
  }

  TokenCoder decoder(setup);
  start = std::chrono::steady_clock::now();
  KOAN_TRY(decoder.decode(decodings, progress));
  const double decode_seconds = seconds_since(start);
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const DecodeJob& job = decodings[i];
    if (job.damaged ||
        !std::equal(job.text.begin(), job.text.end(), encodings[i].text.begin(), encodings[i].text.end()))
      return Error{ErrorCode::kVerification, "decoded other data"};
  }
  std::printf(
      "{\"tokens\": %llu, \"text_bytes\": %zu, \"coded_bytes\": %llu, \"segments\": %zu, \"threads\": %u, "
      "\"streams\": %u, \"kernels\": \"%s\", \"encode\": %.2f, \"decode\": %.2f}\n",
      static_cast<unsigned long long>(tokens), text.size(), static_cast<unsigned long long>(coded_bytes),
      encodings.size(), threads, encoder.streams(), setup.kernels->name, static_cast<double>(tokens) / encode_seconds,
      static_cast<double>(tokens) / decode_seconds);
  return {};
}

}  // namespace
}  // namespace koan

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: token_speed MODEL.gguf FILE [SEGMENT_BYTES [THREADS [STREAMS]]]\n");
    return 2;
  }
  const std::size_t segment = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1024;
  const unsigned threads =
      count > 4 ? static_cast<unsigned>(std::atoi(arguments[4])) : std::thread::hardware_concurrency();
  const unsigned streams = count > 5 ? static_cast<unsigned>(std::atoi(arguments[5])) : 0;
  if (segment == 0 || threads == 0 || threads > 1024 || streams > 64) {
    std::fprintf(stderr, "token_speed: segments and threads must be 1 or more, streams up to 64\n");
    return 2;
  }
  const koan::Status done = koan::run(arguments[1], arguments[2], {segment, threads, streams});
  if (done) return 0;
  std::fprintf(stderr, "token_speed: %s\n", done.error().message.c_str());
  return 1;
}
