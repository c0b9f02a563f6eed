#include "codec/compressor.h"

#include <algorithm>

#include "codec/message.h"

namespace koan {
namespace {

bool needs_model(const CodedSegment& segment) noexcept {
  const Method method = segment.head.method;
  return method == Method::kModel || method == Method::kAdapter || method == Method::kRecords;
}

bool needs_context(const CodedSegment& segment) noexcept {
  return needs_model(segment) || segment.head.method == Method::kCm;
}

// A frame while it is written.
class FrameWriter {
 public:
  // coders: null without a model.
  FrameWriter(Sink& sink, ModelRef model, const ModelCoders* coders, CodecStats& stats, Progress& progress)
      : sink_(sink), model_(model), coders_(coders), stats_(stats), progress_(progress) {}

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
    const bool by_model = needs_model(segment);
    if (by_model && end_.model_offset == 0) {
      end_.model_offset = position_;
      append_model_record(out, model_);
    }
    if (by_model) append_adapters(out);
    gap_ += out.size();
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
      stats_.model_raw_bytes += segment.model_raw_bytes;
      stats_.model_coded_bytes += segment.head.coded_bytes;
    }
    return emit(out);
  }

  Status end() {
    Bytes out;
    end_.raw_bytes = stats_.raw_bytes;
    end_.frame_bytes = position_;
    end_.raw_hash = hash_.digest();
    stats_.adapters = end_.adapter_offsets.size();
    append_end_record(out, stats_.segments, entries_, end_);
    return emit(out);
  }

 private:
  // Those numbered since the last segment.
  void append_adapters(Bytes& out) {
    const std::vector<Sha256>& all = coders_->numbered();
    while (end_.adapter_offsets.size() < all.size()) {
      end_.adapter_offsets.push_back(position_ + out.size());
      append_adapter_record(out, all[end_.adapter_offsets.size() - 1]);
    }
  }

  Status emit(ByteView bytes) {
    position_ += bytes.size();
    stats_.coded_bytes += bytes.size();
    progress_.written(bytes.size());
    return sink_.write(bytes);
  }

  Sink& sink_;
  ModelRef model_;
  const ModelCoders* coders_;
  CodecStats& stats_;
  Progress& progress_;
  std::uint64_t position_ = 0, gap_ = 0;
  EndRecord end_;
  Bytes entries_;
  StreamHash hash_;
};

ModelRef ref_of(const TokenCoder& coder) {
  return model_ref(*coder.setup().model, coder.setup().window, coder.setup().predictors);
}

Result<CodecStats> compress_message(ByteView raw, Sink& sink, ModelCoders& coders, const ContextHash& context,
                                    const CompressSetup& setup, Progress& progress) {
  RoutedJob job;
  job.job.text = raw;
  RoutedJob* const jobs[] = {&job};
  Progress silent = quiet(progress);
  if (!raw.empty()) KOAN_TRY(coders.choose(jobs, silent));
  const Sha256* adapter = coders.sha256_of(job.offer);
  KOAN_ASSIGN(TokenCoder * coder, setup.coder(kPredictorsAll, adapter));
  const std::array<std::uint8_t, 2> id = ref_of(*coder).message_id(context, adapter);
  KOAN_ASSIGN(CodedMessage message, encode_message(raw, *coder, id, progress));
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
    stats.adapters = adapter ? 1 : 0;
  }
  return stats;
}

// What to code next of what is in view: a block, or whole lines where records are wanted.
struct Block {
  ByteView bytes;
  bool lines = false;
};
Block next_block(ByteView view, bool records) {
  const ByteView most = view.first(std::min(view.size(), kMaxBlock));
  if (!records) return {most, false};
  if (view.size() <= kMaxBlock) return {most, true};
  const auto lf = std::find(most.rbegin(), most.rend(), '\n');
  // A line longer than a block is no record.
  if (lf == most.rend()) return {most, false};
  return {most.first(static_cast<std::size_t>(most.rend() - lf)), true};
}

}  // namespace

Result<CodecStats> compress(Source& source, Sink& sink, const CompressSetup& setup, Progress& progress) {
  BufferedSource in(source);
  KOAN_ASSIGN(ByteView view, in.peek(kMaxBlock + 1));
  if (view.size() <= kMaxMessage && !(setup.records && !view.empty())) {
    ModelCoders coders([&](const Sha256* adapter) { return setup.coder(kPredictorsAll, adapter); }, setup.adapters,
                       setup.context.view(), 0);
    return compress_message(view, sink, coders, setup.context.ref.hash, setup, progress);
  }
  ModelCoders coders([&](const Sha256* adapter) { return setup.coder(setup.level.predictors, adapter); },
                     setup.adapters, setup.context.view(), kAdapterRecordBytes);
  PlanSetup plan{0, setup.level.use_model ? &coders : nullptr, setup.threads, setup.context.view()};
  ModelRef model;
  if (plan.coders) {
    KOAN_ASSIGN(const TokenCoder* base, coders.base());
    model = ref_of(*base);
  }
  CodecStats stats;
  FrameWriter frame(sink, model, plan.coders, stats, progress);
  for (bool first = true; !view.empty(); first = false) {
    const Block block = next_block(view, setup.records && plan.coders);
    plan.segment_bytes = piece_bytes(block.bytes.size(), setup.segments, setup.level.segment_bytes);
    KOAN_ASSIGN(const std::vector<CodedSegment> segments,
                block.lines ? plan_records(block.bytes, *setup.records, plan, stats.records, progress)
                            : plan_block(block.bytes, plan, progress));
    if (first) {
      const bool depends = view.size() > block.bytes.size() || std::any_of(segments.begin(), segments.end(), needs_context);
      KOAN_TRY(frame.begin(setup.context && depends ? &setup.context.ref : nullptr));
    }
    for (const CodedSegment& segment : segments) KOAN_TRY(frame.add(segment));
    in.consume(block.bytes.size());
    auto next = in.peek(kMaxBlock + 1);
    if (!next) return std::move(next).error();
    view = *next;
  }
  KOAN_TRY(frame.end());
  return stats;
}

}  // namespace koan
