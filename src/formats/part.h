// Bytes of the .koan format (docs/format.md): frame header, records, message head. Parsing and writing only, no
// behaviour. Every parser takes a bounded reader and returns kCorrupt, kNeedsVersion or kLimit with the place.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"

namespace koan {

inline constexpr std::uint8_t kFrameMagic[6] = {0x89, 'K', 'O', 'A', 'N', '\n'};
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::uint32_t kMinSegmentLog = 10;
inline constexpr std::uint32_t kMaxSegmentLog = 23;
inline constexpr std::uint32_t kSegmentLog = 23;  // what koan writes: no segment above 8 MiB
inline constexpr std::uint64_t kMaxSegments = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kCodedSlack = 1024;  // coded bytes of a segment <= raw bytes + this
inline constexpr std::uint64_t kMaxModelRatio =
    1024;  // text bytes of a segment of method 3 or 4 <= this * coded bytes: bounds the time a file can cost
inline constexpr std::uint32_t kMaxMessage = 4095;
inline constexpr std::uint32_t kMinWindow = 16, kMaxWindow = 65536, kMaxSinks = 16;
inline constexpr std::size_t kMaxRecordHead =
    96;  // no header or record head is longer (the end record's entries apart)
inline constexpr std::size_t kMaxMessagePart = kMaxMessage + kCodedSlack + kMaxRecordHead;  // no message is longer
inline constexpr std::uint64_t kMaxContext = std::uint64_t{16} << 20;
inline constexpr std::uint32_t kPredictorsAll = 0x3F;   // the adaptive predictors that this reader knows
inline constexpr std::size_t kMaxAdapters = 250;        // that a frame names
inline constexpr std::size_t kAdapterRecordBytes = 40;  // of its record and its place in the end record, about
inline constexpr std::uint8_t kTagModel = 0x01, kTagContext = 0x02, kTagAdapter = 0x03, kTagSegment = 0x10,
                              kTagEnd = 0x7F;

// From kCm on: segments only.
enum class Method : std::uint8_t { kStored = 0, kZstd = 1, kLzma = 2, kModel = 3, kCm = 4, kAdapter = 5, kRecords = 6 };
inline constexpr Method kLastMethod = Method::kRecords;
enum class Transform : std::uint8_t { kNone = 0, kCrlf = 1 };
std::string_view method_name(Method method) noexcept;
std::string_view transform_name(Transform transform) noexcept;

using ContextHash = std::array<std::uint8_t, 16>;  // XXH3-128; zeros stand for no context

// Names the text that the methods 3 and 4 of a frame continue.
struct ContextRef {
  std::uint64_t bytes = 0;
  ContextHash hash{};
  bool operator==(const ContextRef&) const = default;
};

struct FrameHeader {
  std::uint32_t segment_log = 0;
  bool has_context = false;  // a context record follows
};

// What model-coded segments need to be decoded.
struct ModelRef {
  std::uint32_t numerics_version = 0;
  Sha256 sha256{};
  std::array<std::uint8_t, 16> tokenizer_hash{};
  std::uint32_t window = 0;
  std::uint32_t sinks = 0;
  std::uint32_t predictors = kPredictorsAll;
  // 12 bits of a hash and a check nibble. Messages use all predictors, so these do not count.
  // adapter: of the model, or null.
  std::array<std::uint8_t, 2> message_id(const ContextHash& context = {}, const Sha256* adapter = nullptr) const;
};

struct SegmentHead {
  Method method = Method::kStored;
  Transform transform = Transform::kNone;
  std::uint64_t raw_bytes = 0;
  std::uint64_t text_bytes = 0;  // after the transform; equals raw_bytes without one
  std::uint64_t coded_bytes = 0;
  std::uint64_t check = 0;
};

struct MessageHead {
  Method method = Method::kStored;
  Transform transform = Transform::kNone;
  std::array<std::uint8_t, 2> model_id{};
  std::uint64_t raw_bytes = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t coded_bytes = 0;  // methods 0..2
};

bool is_frame_start(std::uint8_t byte) noexcept;
bool is_message_start(std::uint8_t byte) noexcept;

void append_frame_header(Bytes& out, const FrameHeader& header);
Result<FrameHeader> parse_frame_header(ByteReader& in);

void append_context_record(Bytes& out, const ContextRef& context);
Result<ContextRef> parse_context_record(ByteReader& in);  // tag included

void append_model_record(Bytes& out, const ModelRef& model);
Result<ModelRef> parse_model_record(ByteReader& in);  // after the tag byte has been checked but with it unread

void append_adapter_record(Bytes& out, const Sha256& adapter);
Result<Sha256> parse_adapter_record(ByteReader& in);  // as parse_model_record

// The part of a segment record that its check is seeded with: tag .. coded length.
void append_segment_head(Bytes& out, const SegmentHead& head);
// Parses tag .. coded length (head.check stays 0; the u64 follows).
Result<SegmentHead> parse_segment_head(ByteReader& in, std::uint32_t segment_log);
std::uint64_t segment_check(ByteView head, ByteView coded, ByteView raw);

void append_message_head(Bytes& out, const MessageHead& head);
Result<MessageHead> parse_message_head(ByteReader& in);
std::uint32_t message_check(ByteView head_and_coded, ByteView raw) noexcept;  // 24 bits

// The index of a frame while it is written or read: entries as their bytes.
struct IndexEntry {
  std::uint64_t gap, record_bytes, raw_bytes;
};
void append_index_entry(Bytes& out, const IndexEntry& entry);

struct EndRecord {
  std::uint64_t model_offset = 0;
  std::vector<std::uint64_t> adapter_offsets;
  std::uint64_t raw_bytes = 0;
  std::uint64_t frame_bytes = 0;  // before the end record
  std::uint64_t raw_hash = 0;
};
// Whole end record: `entries` are `count` serialised entries.
void append_end_record(Bytes& out, std::uint64_t count, ByteView entries, const EndRecord& end);

}  // namespace koan
