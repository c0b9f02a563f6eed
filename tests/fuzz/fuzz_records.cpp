// The head and the table of a record block. The bytes are: records (2 bytes), adapters, then a payload without its
// check value, which is made right here.
#include <algorithm>

#include "codec/record_block.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

constexpr std::uint64_t kRawBytes = 1 << 20;

bool same(const RecordEntry& a, const RecordEntry& b) {
  return a.style == b.style && a.coder == b.coder && a.coded_bytes == b.coded_bytes && a.text_bytes == b.text_bytes;
}

Bytes with_check_value(ByteView body) {
  Bytes out;
  append_fixed<std::uint64_t>(out, xxh3_64(body));
  append_bytes(out, body);
  return out;
}

std::vector<Bytes> copies(const std::vector<ByteView>& views) {
  std::vector<Bytes> out;
  for (const ByteView view : views) out.emplace_back(view.begin(), view.end());
  return out;
}

void check(ByteView payload, const RecordHead& head, const RecordTableLimits& limits) {
  const auto entries = decode_record_table(head.table, limits);
  if (!entries) {
    require(entries.error().code == ErrorCode::kCorrupt, "an error of the file");
    return;
  }
  require(entries->size() == limits.n, "a record for each");
  const std::vector<Bytes> skeleton = copies(head.skeleton_coded);
  const ByteView streams = payload.subspan(head.streams_at);
  const Bytes written = write_record_payload({head.lines, head.unfinished, head.fields, head.skeleton_bytes,
                                              head.skeleton_method, head.skeleton_piece, skeleton, *entries},
                                             {Bytes(streams.begin(), streams.end())});
  const auto back = parse_record_head(written, kRawBytes);
  require(back && back->lines == head.lines && back->unfinished == head.unfinished && back->fields == head.fields &&
              back->skeleton_bytes == head.skeleton_bytes && back->skeleton_method == head.skeleton_method &&
              back->skeleton_piece == head.skeleton_piece && copies(back->skeleton_coded) == skeleton,
          "a head is written again as it was");
  const auto table = decode_record_table(back->table, limits);
  require(table && std::ranges::equal(*table, *entries, same), "a table is written again as it was");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  if (size < 3) return 0;
  const std::size_t records = (data[0] | data[1] << 8) % 2048;
  const Bytes payload = fuzz::with_check_value({data + 3, size - 3});
  const auto head = parse_record_head(payload, fuzz::kRawBytes);
  if (!head) {
    fuzz::require(head.error().code == ErrorCode::kCorrupt, "an error of the file");
    return 0;
  }
  fuzz::require(head->streams_at <= payload.size(), "the streams begin in the payload");
  fuzz::check(payload, *head, {records, fuzz::kRawBytes, payload.size() - head->streams_at, data[2]});
  return 0;
}
