// Model coding of many texts at once: streams of one model advance in lockstep, each with its own range coder.
// docs/format.md "Model-coded segments". The bytes of a text do not depend on what is coded beside it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/workers.h"
#include "codec/token_step.h"
#include "formats/part.h"
#include "model/streams.h"

namespace koan {

struct EncodeJob {
  ByteView text;
  Bytes coded;               // filled in
  std::uint64_t tokens = 0;  // filled in
  double ideal_bits = 0;     // filled in: of the decisions, as the predictor saw them
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
  unsigned streams = 16;                 // per thread
  std::shared_ptr<const Bytes> context;  // what every text continues; null: nothing
  std::uint32_t predictors = kPredictorsAll;
};

// Keeps the streams of each thread between calls. One call at a time.
class TokenCoder {
 public:
  explicit TokenCoder(CoderSetup setup);

  Status encode(std::span<EncodeJob> jobs, Progress& progress);
  // A damaged stream is reported in its job; the Status is for everything else (memory, cancellation).
  Status decode(std::span<DecodeJob> jobs, Progress& progress);

  const CoderSetup& setup() const noexcept { return setup_; }
  const VocabularyTree& tree() const noexcept { return tree_; }

  // What a text of this length starts with: a fresh predictor, or one that has seen the context. Of the sizes that
  // prepare() was given.
  TokenStep start_step(std::uint64_t text_bytes) const;
  // Feeds a stream that was reset what goes before the text: the begin token, of the context the last tokens that the
  // window holds. Returns the last one, which is still to be fed.
  Token start_stream(Streams& streams, std::uint32_t stream) const;

 private:
  std::uint64_t size_class(std::uint64_t text_bytes) const noexcept;
  void prepare_step(std::uint64_t text_bytes);
  // Number of workers for texts of these sizes, each with streams ready. Short jobs want few: a worker pays to start.
  Result<unsigned> prepare(std::span<const std::uint64_t> text_bytes);

  CoderSetup setup_;
  VocabularyTree tree_;
  std::vector<Token> context_;
  std::map<std::uint64_t, BitPredictor> primed_;  // by size class; only with a context
  std::vector<Streams> workers_;
  unsigned streams_per_worker_ = 0;
  unsigned lanes_per_worker_ = 0;  // of the current call, at most streams_per_worker_
};

}  // namespace koan
