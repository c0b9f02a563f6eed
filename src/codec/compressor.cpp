#include "codec/compressor.h"

#include <algorithm>

#include "codec/message.h"

namespace koan {
namespace {

// A frame while it is written.
class FrameWriter {
 public:
  FrameWriter(Sink& sink, ModelRef model, CodecStats& stats, Progress& progress)
      : sink_(sink), model_(model), stats_(stats), progress_(progress) {}

  Status begin(const ContextRef* context) {
    Bytes out;
    append_frame_header(out, {kSegmentLog, context != nullptr});
    const std::size_t header = out.size();
    if (context) append_context_record(out, *context);
    gap_ = out.size() - header;
    return emit(out);
  }

  Status add(const CodedSegment& segment) {
    Bytes out;
    const bool by_model = segment.head.method == Method::kModel;
    if (by_model && model_offset_ == 0) {
      model_offset_ = position_;
      append_model_record(out, model_);
      gap_ += out.size();
    }
    const std::size_t begin = out.size();
    append_segment_head(out, segment.head);
    append_fixed<std::uint64_t>(out, segment_check(ByteView(out).subspan(begin), segment.coded, segment.raw));
    append_bytes(out, segment.coded);
    append_index_entry(entries_, {gap_, out.size() - begin, segment.head.raw_bytes});
    gap_ = 0;
    hash_.update(segment.raw);
    ++stats_.segments;
    stats_.raw_bytes += segment.head.raw_bytes;
    stats_.tokens += segment.tokens;
    stats_.model_ideal_bits += segment.ideal_bits;
    if (by_model) {
      ++stats_.model_segments;
      stats_.model_raw_bytes += segment.head.raw_bytes;
      stats_.model_coded_bytes += segment.head.coded_bytes;
    }
    return emit(out);
  }

  Status end() {
    Bytes out;
    append_end_record(out, stats_.segments, entries_, {model_offset_, stats_.raw_bytes, position_, hash_.digest()});
    return emit(out);
  }

 private:
  Status emit(ByteView bytes) {
    position_ += bytes.size();
    stats_.coded_bytes += bytes.size();
    progress_.written(bytes.size());
    return sink_.write(bytes);
  }

  Sink& sink_;
  ModelRef model_;
  CodecStats& stats_;
  Progress& progress_;
  std::uint64_t position_ = 0, model_offset_ = 0, gap_ = 0;
  Bytes entries_;
  StreamHash hash_;
};

ModelRef ref_of(const TokenCoder& coder) {
  return model_ref(*coder.setup().model, coder.setup().window, coder.setup().predictors);
}

bool needs_context(const CodedSegment& segment) noexcept {
  return segment.head.method == Method::kModel || segment.head.method == Method::kCm;
}

Result<CodecStats> compress_message(ByteView raw, Sink& sink, TokenCoder& coder, const ContextHash& context,
                                    Progress& progress) {
  KOAN_ASSIGN(CodedMessage message, encode_message(raw, coder, ref_of(coder).message_id(context), progress));
  KOAN_TRY(sink.write(message.bytes));
  progress.written(message.bytes.size());
  CodecStats stats;
  stats.raw_bytes = raw.size();
  stats.coded_bytes = message.bytes.size();
  stats.segments = 1;
  if (message.method == Method::kModel) {
    stats.tokens = message.tokens;
    stats.model_segments = 1;
    stats.model_raw_bytes = raw.size();
    stats.model_coded_bytes = message.coded_bytes;
    stats.model_ideal_bits = message.ideal_bits;
  }
  return stats;
}

}  // namespace

Result<CodecStats> compress(Source& source, Sink& sink, const CompressSetup& setup, Progress& progress) {
  BufferedSource in(source);
  KOAN_ASSIGN(ByteView view, in.peek(kMaxBlock + 1));
  if (view.size() <= kMaxMessage) {
    return compress_message(view, sink, setup.coder(kPredictorsAll), setup.context.ref.hash, progress);
  }
  PlanSetup plan{0, setup.level.use_model ? &setup.coder(setup.level.predictors) : nullptr, setup.threads,
                 setup.context.view()};
  CodecStats stats;
  FrameWriter frame(sink, plan.coder ? ref_of(*plan.coder) : ModelRef{}, stats, progress);
  for (bool first = true; !view.empty(); first = false) {
    const ByteView block = view.first(std::min(view.size(), kMaxBlock));
    plan.segment_bytes = piece_bytes(block.size(), setup.segments, setup.level.segment_bytes);
    KOAN_ASSIGN(const std::vector<CodedSegment> segments, plan_block(block, plan, progress));
    if (first) {
      const bool depends = view.size() > kMaxBlock || std::any_of(segments.begin(), segments.end(), needs_context);
      KOAN_TRY(frame.begin(setup.context && depends ? &setup.context.ref : nullptr));
    }
    for (const CodedSegment& segment : segments) KOAN_TRY(frame.add(segment));
    in.consume(block.size());
    auto next = in.peek(kMaxBlock + 1);
    if (!next) return std::move(next).error();
    view = *next;
  }
  KOAN_TRY(frame.end());
  return stats;
}

}  // namespace koan
