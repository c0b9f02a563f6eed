// Model coding of many texts at once: streams of one model advance in lockstep, each with its own range coder.
// docs/format.md "Model-coded segments". The bytes of a text do not depend on what is coded beside it.
#pragma once

#include <span>
#include <vector>

#include "base/workers.h"
#include "model/streams.h"

namespace koan {

struct EncodeJob {
  ByteView text;
  Bytes coded;               // filled in
  std::uint64_t tokens = 0;  // filled in
  double ideal_bits = 0;     // filled in: sum of log2(total / freq)
};

struct DecodeJob {
  ByteView coded;                // may continue beyond the stream
  std::uint64_t text_bytes = 0;  // >= 1
  Bytes text;                    // filled in
  std::uint64_t tokens = 0;      // filled in
  std::size_t consumed = 0;      // filled in: bytes of `coded` that the stream took
  bool damaged = false;          // filled in: the stream cannot be what an encoder wrote
};

struct CoderSetup {
  std::shared_ptr<const Model> model;
  const Kernels* kernels = nullptr;
  Window window;
  unsigned threads = 1;
  unsigned streams = 16;  // per thread
};

// Keeps the streams of each thread between calls. One call at a time.
class TokenCoder {
 public:
  explicit TokenCoder(CoderSetup setup) : setup_(std::move(setup)) {}

  Status encode(std::span<EncodeJob> jobs, Progress& progress);
  // A damaged stream is reported in its job; the Status is for everything else (memory, cancellation).
  Status decode(std::span<DecodeJob> jobs, Progress& progress);

  const CoderSetup& setup() const noexcept { return setup_; }

 private:
  // Number of workers for these jobs, each with streams ready. Short jobs want few: a worker pays to start.
  Result<unsigned> prepare(std::size_t jobs);

  CoderSetup setup_;
  std::vector<Streams> workers_;
  unsigned streams_per_worker_ = 0;
};

}  // namespace koan
