#include "codec/frame_reader.h"

namespace koan {
namespace {

Error corrupt(std::string what) { return {ErrorCode::kCorrupt, std::move(what)}; }

// The end record as it streams by: numbers are consumed one at a time and hashed, because an index has no bounded
// length.
class EndReader {
 public:
  explicit EndReader(BufferedSource& in) : in_(in) {}

  Result<std::uint64_t> varint() {
    KOAN_ASSIGN(ByteView view, in_.peek(10));
    ByteReader reader(view);
    KOAN_ASSIGN(const std::uint64_t value, reader.varint());
    take(view.first(reader.position()));
    return value;
  }
  template <typename T>
  Result<T> fixed() {
    KOAN_ASSIGN(ByteView view, in_.peek(sizeof(T)));
    ByteReader reader(view);
    KOAN_ASSIGN(const T value, reader.fixed<T>());
    take(view.first(sizeof(T)));
    return value;
  }
  std::uint64_t size() const noexcept { return size_; }
  std::uint32_t check() const noexcept { return static_cast<std::uint32_t>(hash_.digest()); }

 private:
  void take(ByteView bytes) {
    hash_.update(bytes);
    size_ += bytes.size();
    in_.consume(bytes.size());
  }
  BufferedSource& in_;
  StreamHash hash_;
  std::uint64_t size_ = 0;
};

}  // namespace

Status FrameReader::begin() {
  KOAN_ASSIGN(ByteView view, in_.peek(kMaxRecordHead));
  ByteReader reader(view);
  KOAN_ASSIGN(const FrameHeader header, parse_frame_header(reader));
  segment_log_ = header.segment_log;
  if (header.has_context) {
    const std::size_t before = reader.position();
    KOAN_ASSIGN(context_, parse_context_record(reader));
    gap_ = reader.position() - before;
  }
  in_.consume(reader.position());
  return {};
}

Result<std::optional<SegmentRecord>> FrameReader::next() {
  for (;;) {
    KOAN_ASSIGN(ByteView view, in_.peek(1));
    if (view.empty()) return corrupt("file ends early: its end record is missing");
    if (view[0] == kTagEnd) {
      KOAN_TRY(read_end());
      return std::optional<SegmentRecord>{};
    }
    if (view[0] == kTagModel) {
      KOAN_TRY(read_model());
      continue;
    }
    if (view[0] == kTagAdapter) {
      KOAN_TRY(read_adapter());
      continue;
    }
    KOAN_ASSIGN(SegmentRecord record, read_segment());
    return std::optional<SegmentRecord>(std::move(record));
  }
}

Status FrameReader::read_model() {
  if (model_) return corrupt("second model record in one frame");
  KOAN_ASSIGN(ByteView view, in_.peek(kMaxRecordHead));
  ByteReader reader(view);
  KOAN_ASSIGN(model_, parse_model_record(reader));
  model_offset_ = position();
  gap_ += reader.position();
  in_.consume(reader.position());
  return {};
}

Status FrameReader::read_adapter() {
  if (!model_) return corrupt("adapter record without a model record");
  if (adapters_.size() == kMaxAdapters) return corrupt("too many adapters in one frame");
  KOAN_ASSIGN(ByteView view, in_.peek(kMaxRecordHead));
  ByteReader reader(view);
  KOAN_ASSIGN(const Sha256 adapter, parse_adapter_record(reader));
  adapters_.push_back(adapter);
  adapter_offsets_.push_back(position());
  gap_ += reader.position();
  in_.consume(reader.position());
  return {};
}

Result<SegmentRecord> FrameReader::read_segment() {
  SegmentRecord record;
  record.offset = in_.position();
  record.adapters = adapters_.size();
  KOAN_ASSIGN(ByteView view, in_.peek(kMaxRecordHead));
  ByteReader reader(view);
  KOAN_ASSIGN(record.head, parse_segment_head(reader, segment_log_));
  const bool by_model = record.head.method == Method::kModel || record.head.method == Method::kAdapter ||
                        record.head.method == Method::kRecords;
  if (by_model && !model_) return corrupt("model-coded segment without a model record");
  record.head_bytes.assign(view.begin(), view.begin() + static_cast<std::ptrdiff_t>(reader.position()));
  KOAN_ASSIGN(record.head.check, reader.fixed<std::uint64_t>());
  in_.consume(reader.position());
  const std::uint64_t coded_bytes = record.head.coded_bytes;
  KOAN_ASSIGN(ByteView coded, in_.peek(coded_bytes));
  if (coded.size() < coded_bytes) return corrupt("file ends early inside a segment");
  record.coded.assign(coded.begin(), coded.begin() + static_cast<std::ptrdiff_t>(coded_bytes));
  in_.consume(coded_bytes);
  record.record_bytes = in_.position() - record.offset;

  Bytes entry;
  append_index_entry(entry, {gap_, record.record_bytes, record.head.raw_bytes});
  entries_.update(entry);
  gap_ = 0;
  raw_bytes_ += record.head.raw_bytes;
  if (++count_ > kMaxSegments) return corrupt("too many segments");
  return record;
}

Status FrameReader::read_end() {
  const std::uint64_t frame_bytes = position();
  EndReader end(in_);
  KOAN_TRY(end.fixed<std::uint8_t>());
  KOAN_ASSIGN(const std::uint64_t count, end.varint());
  if (count != count_) return corrupt("index does not match the segments");
  StreamHash entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    IndexEntry entry{};
    KOAN_ASSIGN(entry.gap, end.varint());
    KOAN_ASSIGN(entry.record_bytes, end.varint());
    KOAN_ASSIGN(entry.raw_bytes, end.varint());
    Bytes bytes;
    append_index_entry(bytes, entry);
    entries.update(bytes);
  }
  KOAN_ASSIGN(const std::uint64_t model_offset, end.varint());
  KOAN_ASSIGN(const std::uint64_t adapter_count, end.varint());
  bool adapters_agree = adapter_count == adapter_offsets_.size();
  for (std::size_t i = 0; adapters_agree && i < adapter_count; ++i) {
    KOAN_ASSIGN(const std::uint64_t offset, end.varint());
    adapters_agree = offset == adapter_offsets_[i];
  }
  if (!adapters_agree) return corrupt("index does not match the adapters");
  KOAN_ASSIGN(const std::uint64_t raw_bytes, end.varint());
  KOAN_ASSIGN(const std::uint64_t before, end.varint());
  KOAN_ASSIGN(raw_hash_, end.fixed<std::uint64_t>());
  const std::uint64_t body = end.size();
  KOAN_ASSIGN(const std::uint32_t size, end.fixed<std::uint32_t>());
  const std::uint32_t expected = end.check();
  KOAN_ASSIGN(const std::uint32_t check, end.fixed<std::uint32_t>());
  if (check != expected) return corrupt("end record is damaged");
  if (entries.digest() != entries_.digest() || model_offset != model_offset_ || raw_bytes != raw_bytes_ ||
      before != frame_bytes || size != static_cast<std::uint32_t>(body)) {
    return corrupt("index does not match the segments");
  }
  return {};
}

}  // namespace koan
