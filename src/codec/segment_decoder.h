// Segments of a frame to raw bytes, many at once, with their checks.
#pragma once

#include <functional>

#include "codec/frame_reader.h"
#include "codec/record_decode.h"

namespace koan {

struct CodecStats;

// Gives what a file names. A coder lives until the next one is asked for.
class CoderProvider {
 public:
  virtual ~CoderProvider() = default;
  // kNeedsContext, naming it, if it is not there.
  virtual Result<ByteView> context_for(const ContextRef& ref) = 0;
  // with_context: the coder continues the context that context_for() gave. adapter: of the model, or null.
  virtual Result<TokenCoder*> coder_for(const ModelRef& ref, bool with_context, const Sha256* adapter) = 0;
  // Coders whose id is this, the likeliest first: attempt 0, 1, ... until there is none (kNeedsModel).
  virtual Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id, std::size_t attempt) = 0;
  virtual unsigned threads() const = 0;  // for what no coder decodes
};

class SegmentDecoder {
 public:
  // For the frame whose reader has begun.
  static Result<SegmentDecoder> create(const FrameReader& reader, CoderProvider& coders, CodecStats& stats,
                                       Progress& progress);

  // Calls on_raw(raw) for each, in order, when its check has matched.
  using RawFn = std::function<Status(ByteView raw)>;
  Status decode(const std::vector<SegmentRecord>& batch, const RawFn& on_raw);
  // What record blocks are decoded with.
  RecordDecodeSetup record_setup() const;

 private:
  using Texts = std::vector<std::optional<Result<Bytes>>>;  // of a batch; those of other methods are not set

  SegmentDecoder(const FrameReader& reader, CoderProvider& coders, CodecStats& stats, Progress& progress)
      : reader_(reader), coders_(coders), stats_(stats), progress_(progress) {}
  DecodeCoderFn coder_fn() const;
  Status decode_by_model(const std::vector<SegmentRecord>& batch, Texts& texts);
  Status decode_records(const std::vector<SegmentRecord>& batch, Texts& texts);
  Status decode_mixed(const std::vector<SegmentRecord>& batch, Texts& texts);
  Result<Bytes> general_text(const SegmentRecord& r);
  Result<Bytes> model_text(const SegmentRecord& r, DecodeJob& job);
  Status finish(const SegmentRecord& r, Result<Bytes> decoded, const RawFn& on_raw);

  const FrameReader& reader_;
  CoderProvider& coders_;
  CodecStats& stats_;
  Progress& progress_;
  ByteView context_;  // of the frame
};

}  // namespace koan
