#include "codec/decompressor.h"

#include <algorithm>

#include "codec/frame_reader.h"
#include "codec/general.h"
#include "codec/line_ends.h"
#include "codec/message.h"
#include "codec/parallel.h"

namespace koan {
namespace {

// Raw bytes that are decoded together: enough for the streams of several threads, little enough to hold in memory.
constexpr std::uint64_t kBatchBytes = std::uint64_t{8} << 20;

class Decompressor {
 public:
  Decompressor(Source& source, Sink& sink, CoderProvider& coders, Progress& progress)
      : in_(source), sink_(sink), coders_(coders), progress_(progress) {}

  Result<CodecStats> run() {
    KOAN_ASSIGN(ByteView view, in_.peek(1));
    if (view.empty()) return Error{ErrorCode::kCorrupt, "empty: not a .koan file"};
    while (!view.empty()) {
      if (is_frame_start(view[0])) {
        KOAN_TRY(frame());
      } else if (is_message_start(view[0])) {
        KOAN_TRY(message());
      } else if (in_.position() == 0) {
        return Error{ErrorCode::kCorrupt, "not a .koan file"};
      } else {
        return Error{ErrorCode::kCorrupt, "what follows byte " + std::to_string(in_.position()) + " is not .koan data"};
      }
      auto next = in_.peek(1);
      if (!next) return std::move(next).error();
      view = *next;
    }
    stats_.coded_bytes = in_.position();
    return stats_;
  }

 private:
  using Texts = std::vector<std::optional<Result<Bytes>>>;  // of a batch; those of other methods are not set

  Status message() {
    // A coded message is never longer than its text and its head.
    KOAN_ASSIGN(ByteView view, in_.peek(kMaxMessagePart));
    const auto coder_for = [&](const std::array<std::uint8_t, 2>& id) { return coders_.coder_for_message(id); };
    KOAN_ASSIGN(DecodedMessage message, decode_message(view, coder_for, progress_));
    in_.consume(message.part_bytes);
    ++stats_.segments;
    stats_.raw_bytes += message.raw.size();
    stats_.tokens += message.tokens;
    if (message.method == Method::kModel) {
      ++stats_.model_segments;
      stats_.model_raw_bytes += message.raw.size();
    }
    return write(message.raw);
  }

  Status frame() {
    FrameReader reader(in_);
    KOAN_TRY(reader.begin());
    context_ = {};
    if (reader.context()) {
      KOAN_ASSIGN(context_, coders_.context_for(*reader.context()));
    }
    StreamHash hash;
    std::vector<SegmentRecord> batch;
    std::uint64_t batch_bytes = 0;
    for (;;) {
      KOAN_ASSIGN(std::optional<SegmentRecord> record, reader.next());
      if (!record) break;
      if (batch_bytes + record->head.raw_bytes > kBatchBytes) {
        KOAN_TRY(decode_batch(batch, reader.model(), hash));
        batch.clear();
        batch_bytes = 0;
      }
      batch_bytes += record->head.raw_bytes;
      batch.push_back(std::move(*record));
    }
    KOAN_TRY(decode_batch(batch, reader.model(), hash));
    if (hash.digest() != reader.raw_hash()) return Error{ErrorCode::kCorrupt, "checksum of the whole does not match"};
    return {};
  }

  Status decode_batch(std::vector<SegmentRecord>& batch, const std::optional<ModelRef>& model, StreamHash& hash) {
    std::vector<DecodeJob> jobs;
    for (const SegmentRecord& r : batch) {
      if (r.head.method != Method::kModel) continue;
      DecodeJob& job = jobs.emplace_back();
      job.coded = r.coded;
      job.text_bytes = r.head.text_bytes;
    }
    if (!jobs.empty()) {
      KOAN_ASSIGN(TokenCoder * coder, coders_.coder_for(*model, !context_.empty()));
      KOAN_TRY(coder->decode(jobs, progress_));
    }
    KOAN_ASSIGN(Texts mixed, decode_mixed(batch));
    std::size_t job = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (progress_.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
      const SegmentRecord& r = batch[i];
      if (r.head.method == Method::kModel) {
        KOAN_TRY(finish(r, model_text(r, jobs[job++]), hash));
      } else {
        KOAN_TRY(finish(r, mixed[i] ? *std::move(mixed[i]) : general_text(r), hash));
      }
    }
    return {};
  }

  // Context mixing is the one general method that is slow enough to be worth all threads.
  Result<Texts> decode_mixed(const std::vector<SegmentRecord>& batch) {
    Texts out(batch.size());
    KOAN_TRY(for_each_index(batch.size(), coders_.threads(), progress_, [&](std::size_t i) -> Status {
      if (batch[i].head.method == Method::kCm) out[i] = general_text(batch[i]);
      return {};
    }));
    return out;
  }

  Result<Bytes> general_text(const SegmentRecord& r) {
    auto text = general_decode(r.head.method, r.coded, r.head.text_bytes, context_);
    if (text) progress_.done(text->size());
    return text;
  }

  Result<Bytes> model_text(const SegmentRecord& r, DecodeJob& job) {
    if (job.damaged || job.consumed != r.coded.size()) {
      return Error{ErrorCode::kCorrupt, "model-coded data is damaged"};
    }
    stats_.tokens += job.tokens;
    ++stats_.model_segments;
    stats_.model_raw_bytes += r.head.raw_bytes;
    stats_.model_coded_bytes += r.head.coded_bytes;
    return std::move(job.text);
  }

  Status finish(const SegmentRecord& r, Result<Bytes> decoded, StreamHash& hash) {
    const std::string where = "segment at byte " + std::to_string(r.offset);
    const auto damaged = [&](const char* what) { return Error{ErrorCode::kCorrupt, what}.in(where); };
    if (!decoded) return std::move(decoded).error().in(where);
    Bytes text = std::move(*decoded);
    progress_.tick();
    if (r.head.transform == Transform::kCrlf) text = lf_to_crlf(text);
    if (text.size() != r.head.raw_bytes) return damaged("another length than recorded");
    if (segment_check(r.head_bytes, r.coded, text) != r.head.check) return damaged("checksum does not match");
    hash.update(text);
    ++stats_.segments;
    stats_.raw_bytes += text.size();
    return write(text);
  }

  Status write(ByteView raw) {
    progress_.written(raw.size());
    return sink_.write(raw);
  }

  BufferedSource in_;
  Sink& sink_;
  CoderProvider& coders_;
  Progress& progress_;
  CodecStats stats_;
  ByteView context_;  // of the frame
};

}  // namespace

Result<CodecStats> decompress(Source& source, Sink& sink, CoderProvider& coders, Progress& progress) {
  return Decompressor(source, sink, coders, progress).run();
}

}  // namespace koan
