#include "codec/compressor.h"

#include <algorithm>

#include "codec/message.h"

namespace koan {
namespace {

// A frame while it is written.
class FrameWriter {
 public:
  FrameWriter(Sink& sink, const ModelRef& model, CodecStats& stats, Progress& progress)
      : sink_(sink), model_(model), stats_(stats), progress_(progress) {}

  Status begin() {
    Bytes out;
    append_frame_header(out, kSegmentLog);
    return emit(out);
  }

  Status add(const CodedSegment& segment) {
    Bytes out;
    const bool by_model = segment.head.method == Method::kModel;
    if (by_model && model_offset_ == 0) {
      model_offset_ = position_;
      append_model_record(out, model_);
      gap_ = out.size();
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
  const ModelRef& model_;
  CodecStats& stats_;
  Progress& progress_;
  std::uint64_t position_ = 0, model_offset_ = 0, gap_ = 0;
  Bytes entries_;
  StreamHash hash_;
};

Result<CodecStats> compress_message(ByteView raw, Sink& sink, TokenCoder& coder, const ModelRef& model,
                                    Progress& progress) {
  KOAN_ASSIGN(CodedMessage message, encode_message(raw, coder, model.message_id(), progress));
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

std::size_t level_segment_bytes(int level) noexcept {
  static constexpr std::size_t kKiB[] = {8, 16, 24, 32, 48, 64, 128, 512, 8192};
  return kKiB[std::clamp(level, 1, 9) - 1] << 10;
}

Result<CodecStats> compress(Source& source, Sink& sink, TokenCoder& coder, std::size_t segment_bytes,
                            Progress& progress) {
  const CoderSetup& setup = coder.setup();
  const ModelRef model = model_ref(*setup.model, setup.window);
  BufferedSource in(source);
  KOAN_ASSIGN(ByteView block, in.peek(kMaxBlock));
  if (block.size() <= kMaxMessage) return compress_message(block, sink, coder, model, progress);

  CodecStats stats;
  FrameWriter frame(sink, model, stats, progress);
  KOAN_TRY(frame.begin());
  while (!block.empty()) {
    block = block.first(std::min(block.size(), kMaxBlock));
    KOAN_ASSIGN(const std::vector<CodedSegment> segments, plan_block(block, segment_bytes, &coder, progress));
    for (const CodedSegment& segment : segments) KOAN_TRY(frame.add(segment));
    in.consume(block.size());
    auto next = in.peek(kMaxBlock);
    if (!next) return std::move(next).error();
    block = *next;
  }
  KOAN_TRY(frame.end());
  return stats;
}

}  // namespace koan
