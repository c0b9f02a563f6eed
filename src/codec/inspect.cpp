#include "codec/inspect.h"

#include "codec/frame_reader.h"
#include "codec/part_walk.h"

namespace koan {
namespace {

struct Walk {
  BufferedSource in;
  const std::function<void(const PartInfo&)>& on_part;
  const std::function<void(const SegmentInfo&)>& on_segment;
  std::uint64_t part = 0, raw_offset = 0;

  Result<bool> frame() {
    PartInfo info;
    info.offset = in.position();
    FrameReader reader(in);
    KOAN_TRY(reader.begin());
    for (;;) {
      KOAN_ASSIGN(std::optional<SegmentRecord> record, reader.next());
      if (!record) break;
      on_segment({part, record->offset, raw_offset, record->record_bytes, record->head});
      raw_offset += record->head.raw_bytes;
    }
    info.context = reader.context();
    info.model = reader.model();
    info.adapters = reader.adapters();
    on_part(info);
    ++part;
    return true;
  }

  Result<bool> message() {
    PartInfo info;
    info.is_message = true;
    info.offset = in.position();
    KOAN_ASSIGN(ByteView view, in.peek(kMaxMessagePart));
    ByteReader reader(view);
    KOAN_ASSIGN(MessageHead head, parse_message_head(reader));
    if (head.method == Method::kModel) {
      info.model_id = head.model_id;
      if (reader.remaining() < 3) return Error{ErrorCode::kCorrupt, "file ends early inside a message"};
      head.coded_bytes = reader.remaining() - 3;
      if (head.coded_bytes > head.text_bytes + kCodedSlack)
        return Error{ErrorCode::kCorrupt, "message is longer than it can be"};
    }
    KOAN_TRY(reader.take(head.coded_bytes));
    KOAN_ASSIGN(ByteView check, reader.take(3));
    SegmentInfo segment{part, info.offset, raw_offset, reader.position(), {}};
    segment.head = {head.method,      head.transform,
                    head.raw_bytes,   head.text_bytes,
                    head.coded_bytes, static_cast<std::uint64_t>(check[0] | check[1] << 8 | check[2] << 16)};
    on_segment(segment);
    raw_offset += head.raw_bytes;
    in.consume(reader.position());
    on_part(info);
    ++part;
    return true;
  }
};

}  // namespace

Status inspect(Source& source, const std::function<void(const PartInfo&)>& on_part,
               const std::function<void(const SegmentInfo&)>& on_segment) {
  Walk walk{BufferedSource(source), on_part, on_segment};
  return walk_parts(walk.in, [&] { return walk.frame(); }, [&] { return walk.message(); });
}

}  // namespace koan
