// For tests: frames put together by hand, smaller or stranger than what koan writes, with every check value right.
#pragma once

#include <optional>

#include "formats/part.h"

namespace koan {

class TestFrame {
 public:
  explicit TestFrame(std::uint32_t segment_log, const std::optional<ContextRef>& context = {}) {
    append_frame_header(bytes_, {segment_log, context.has_value()});
    const std::size_t header = bytes_.size();
    if (context) append_context_record(bytes_, *context);
    gap_ = bytes_.size() - header;
  }

  void model(const ModelRef& ref) {
    model_offset_ = bytes_.size();
    append_model_record(bytes_, ref);
    gap_ += bytes_.size() - model_offset_;
  }
  void adapter(const Sha256& sha256) {
    adapter_offsets_.push_back(bytes_.size());
    append_adapter_record(bytes_, sha256);
    gap_ += bytes_.size() - adapter_offsets_.back();
  }
  // raw_bytes is taken from `head`, so that it may lie.
  void segment(const SegmentHead& head, ByteView coded, ByteView raw) {
    Bytes record;
    append_segment_head(record, head);
    append_fixed<std::uint64_t>(record, segment_check(record, coded, raw));
    append_bytes(record, coded);
    append_bytes(bytes_, record);
    append_index_entry(entries_, {gap_, record.size(), head.raw_bytes});
    gap_ = 0;
    ++count_;
    raw_bytes_ += head.raw_bytes;
    hash_.update(raw);
  }
  void stored(ByteView raw) {
    segment({Method::kStored, Transform::kNone, raw.size(), raw.size(), raw.size(), 0}, raw, raw);
  }
  Bytes end() {
    append_end_record(bytes_, count_, entries_, {model_offset_, adapter_offsets_, raw_bytes_, bytes_.size(), hash_.digest()});
    return std::move(bytes_);
  }

 private:
  Bytes bytes_, entries_;
  std::uint64_t model_offset_ = 0, gap_ = 0, count_ = 0, raw_bytes_ = 0;
  std::vector<std::uint64_t> adapter_offsets_;
  StreamHash hash_;
};

}  // namespace koan
