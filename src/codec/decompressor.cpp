#include "codec/decompressor.h"

#include "codec/message.h"
#include "codec/part_walk.h"

namespace koan {
namespace {

struct Decompressor {
  BufferedSource in;
  Sink& sink;
  CoderProvider& coders;
  Progress& progress;
  CodecStats stats = {};

  Result<bool> message() {
    KOAN_ASSIGN(const Bytes raw, take_message(in, coders, stats, progress));
    KOAN_TRY(write(raw));
    return true;
  }

  Result<bool> frame() {
    FrameReader reader(in);
    KOAN_TRY(reader.begin());
    KOAN_ASSIGN(SegmentDecoder decoder, SegmentDecoder::create(reader, coders, stats, progress));
    StreamHash hash;
    const auto on_raw = [&](ByteView raw) {
      hash.update(raw);
      return write(raw);
    };
    std::vector<SegmentRecord> batch;
    std::uint64_t batch_bytes = 0;
    for (;;) {
      KOAN_ASSIGN(std::optional<SegmentRecord> record, reader.next());
      if (!record) break;
      if (batch_bytes + record->head.raw_bytes > kBatchBytes) {
        KOAN_TRY(decoder.decode(batch, on_raw));
        batch.clear();
        batch_bytes = 0;
      }
      batch_bytes += record->head.raw_bytes;
      batch.push_back(std::move(*record));
    }
    KOAN_TRY(decoder.decode(batch, on_raw));
    if (hash.digest() != reader.raw_hash()) return Error{ErrorCode::kCorrupt, "checksum of the whole does not match"};
    return true;
  }

  Status write(ByteView raw) {
    stats.raw_bytes += raw.size();
    progress.written(raw.size());
    return sink.write(raw);
  }
};

}  // namespace

Result<Bytes> take_message(BufferedSource& in, CoderProvider& coders, CodecStats& stats, Progress& progress) {
  // A coded message is never longer than its text and its head.
  KOAN_ASSIGN(ByteView view, in.peek(kMaxMessagePart));
  const auto coder_for = [&](const std::array<std::uint8_t, 2>& id, std::size_t attempt) {
    return coders.coder_for_message(id, attempt);
  };
  KOAN_ASSIGN(DecodedMessage message, decode_message(view, coder_for, progress));
  in.consume(message.part_bytes);
  ++stats.segments;
  stats.tokens += message.tokens;
  if (message.method == Method::kModel) {
    ++stats.model_segments;
    stats.model_raw_bytes += message.raw.size();
  }
  return std::move(message.raw);
}

Result<CodecStats> decompress(Source& source, Sink& sink, CoderProvider& coders, Progress& progress) {
  Decompressor d{BufferedSource(source), sink, coders, progress};
  KOAN_TRY(walk_parts(d.in, [&] { return d.frame(); }, [&] { return d.message(); }));
  d.stats.coded_bytes = d.in.position();
  return d.stats;
}

}  // namespace koan
