// Model coding of many texts at once, each with its own range coder: decoding advances streams of one model in lockstep,
// encoding takes many rows of one text.
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
  std::optional<ByteView> context = {};  // what this text continues, in place of what the coder's texts continue
  Bytes coded;  // filled in; larger than the text, and of no use, if the vocabulary lacks some of its bytes
  std::uint64_t tokens = 0;  // filled in
  double ideal_bits = 0;     // filled in: of the decisions, as the predictor saw them
};

struct DecodeJob {
  ByteView coded;                        // may continue beyond the stream
  std::uint64_t text_bytes = 0;          // >= 1
  std::optional<ByteView> context = {};  // as in EncodeJob
  Bytes text;                            // filled in
  std::uint64_t tokens = 0;              // filled in
  std::size_t consumed = 0;              // filled in: bytes of `coded` that the stream took
  bool damaged = false;                  // filled in: the stream cannot be what an encoder wrote
};

struct CoderSetup {
  std::shared_ptr<const Model> model;
  const Kernels* kernels = nullptr;
  Window window;
  unsigned threads = 1;
  unsigned streams = 0;                  // per thread; 0: by the size of the model
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
  unsigned streams() const noexcept { return streams_; }  // of a thread, at most
  const VocabularyTree& tree() const noexcept { return tree_; }

  // How a text begins, on a stream that is reset.
  struct Start {
    TokenStep step;  // fresh, or one that has seen the context
    Token first;     // still to be fed: the begin token or the context's last
  };
  // context: the job's own. The text's length is one that prepare() was given.
  Start start(std::uint64_t text_bytes, const std::optional<ByteView>& context, Streams& streams,
              std::uint32_t stream) const;

 private:
  // What prepare() has to know of a job.
  struct Demand {
    std::uint64_t text_bytes;
    std::optional<std::size_t> context_bytes;
  };
  std::vector<Token> tokens_of(ByteView context) const;
  std::uint64_t size_class(const Demand& demand) const noexcept;
  BitPredictor predictor(std::uint64_t size, std::span<const Token> context) const;
  // Feeds the begin token and, of the context, the last tokens that the window holds, but for the last one.
  Token feed(std::span<const Token> context, Streams& streams, std::uint32_t stream) const;
  // Number of workers for these jobs, each with streams ready. Short jobs want few: a worker pays to start.
  Result<unsigned> prepare(std::span<const Demand> demands);

  CoderSetup setup_;
  unsigned streams_;
  VocabularyTree tree_;
  std::vector<Token> context_;
  std::map<std::uint64_t, BitPredictor> primed_;  // by size class; only with a context
  std::vector<Streams> workers_;
  unsigned streams_per_worker_ = 0;
  unsigned lanes_per_worker_ = 0;  // of the current call, at most streams_per_worker_
};

}  // namespace koan
