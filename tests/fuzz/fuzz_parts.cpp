// The format reader on arbitrary bytes; and whatever a parser accepts is written back as the same bytes, so that no two
// spellings of one thing exist in which a flipped bit could hide.
#include "codec/inspect.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

template <typename Parse, typename Append>
void same_when_written(ByteView data, Parse parse, Append append) {
  ByteReader in(data);
  const auto parsed = parse(in);
  if (!parsed) return;
  Bytes written;
  append(written, *parsed);
  require(written.size() == in.position() && std::equal(written.begin(), written.end(), data.begin()),
          "a parsed head is written back as it was");
}

void parsers(ByteView data) {
  same_when_written(
      data, [](ByteReader& in) { return parse_frame_header(in); }, append_frame_header);
  same_when_written(
      data, [](ByteReader& in) { return parse_segment_head(in, kMaxSegmentLog); }, append_segment_head);
  same_when_written(
      data, [](ByteReader& in) { return parse_message_head(in); }, append_message_head);
  // The check value has to be made right, or nothing would get past it.
  if (data.empty() || (data[0] != kTagModel && data[0] != kTagContext)) return;
  for (std::size_t n = std::min<std::size_t>(data.size(), kMaxRecordHead); n > 0; --n) {
    Bytes record(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    append_fixed<std::uint32_t>(record, static_cast<std::uint32_t>(xxh3_64(data.first(n))));
    if (data[0] == kTagContext) {
      same_when_written(
          record, [](ByteReader& in) { return parse_context_record(in); }, append_context_record);
    } else {
      same_when_written(
          record, [](ByteReader& in) { return parse_model_record(in); }, append_model_record);
    }
  }
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const ByteView bytes(data, size);
  fuzz::parsers(bytes);
  MemorySource source(bytes);
  std::uint64_t parts = 0, segments = 0, end = 0;
  const Status status = inspect(
      source, [&](const PartInfo&) { ++parts; },
      [&](const SegmentInfo& s) {
        ++segments;
        fuzz::require(s.offset >= end && s.offset + s.record_bytes <= size,
                      "segments lie in the file, one after another");
        end = s.offset + s.record_bytes;
      });
  if (status)
    fuzz::require(parts > 0, "a file has a part");
  else
    fuzz::require(status.error().code == ErrorCode::kCorrupt || status.error().code == ErrorCode::kNeedsVersion,
                  "an error of the file");
  return 0;
}
