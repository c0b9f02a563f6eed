// Walks the records of one frame from a stream, checking structure, lengths and the index; it decodes nothing.
// Both decompression and inspection are built on it (docs/format.md "Frame").
#pragma once

#include <optional>

#include "base/io.h"
#include "formats/part.h"

namespace koan {

struct SegmentRecord {
  SegmentHead head;
  Bytes head_bytes;  // what the check is seeded with, besides the coded bytes
  Bytes coded;
  std::uint64_t offset = 0;  // of the record in the whole input
  std::uint64_t record_bytes = 0;
  std::size_t adapters = 0;  // that the frame has named before it
};

class FrameReader {
 public:
  explicit FrameReader(BufferedSource& in) : in_(in), start_(in.position()) {}

  Status begin();
  // The next segment, or nothing when the end record has been read and its index agrees with the frame.
  Result<std::optional<SegmentRecord>> next();
  // Valid after begin(): what the frame's methods 3 and 4 continue.
  const std::optional<ContextRef>& context() const noexcept { return context_; }
  // Set once the model record has been passed.
  const std::optional<ModelRef>& model() const noexcept { return model_; }
  // Those whose records have been passed, in order.
  const std::vector<Sha256>& adapters() const noexcept { return adapters_; }
  // Valid after next() returned nothing.
  std::uint64_t raw_hash() const noexcept { return raw_hash_; }

 private:
  Status read_model();
  Status read_adapter();
  Result<SegmentRecord> read_segment();
  Status read_end();
  std::uint64_t position() const noexcept { return in_.position() - start_; }

  BufferedSource& in_;
  std::uint64_t start_;
  std::uint32_t segment_log_ = 0;
  std::optional<ContextRef> context_;
  std::optional<ModelRef> model_;
  std::vector<Sha256> adapters_;
  std::uint64_t model_offset_ = 0;
  std::vector<std::uint64_t> adapter_offsets_;
  std::uint64_t gap_ = 0, count_ = 0, raw_bytes_ = 0, raw_hash_ = 0;
  StreamHash entries_;  // of the index entries that the end record must hold
};

}  // namespace koan
