#include "formats/part.h"

#include <algorithm>
#include <bit>

namespace koan {
namespace {

constexpr std::uint8_t kFlagContext = 1;

Error corrupt(std::string what) { return {ErrorCode::kCorrupt, std::move(what)}; }

std::uint32_t low32(ByteView data) noexcept { return static_cast<std::uint32_t>(xxh3_64(data)); }

Status check_lengths(std::uint64_t raw, std::uint64_t text, std::uint64_t coded, Method method, Transform transform) {
  if (transform == Transform::kCrlf && (text >= raw || raw > 2 * text))
    return corrupt("lengths of the line-end transform disagree");
  if (coded > text + kCodedSlack) return corrupt("coded length above its limit");
  if (method == Method::kStored && coded != text) return corrupt("stored bytes of another length");
  return {};
}

}  // namespace

std::string_view method_name(Method method) noexcept {
  static constexpr std::string_view kNames[] = {"stored", "zstd", "lzma", "model", "cm", "adapter", "records"};
  return kNames[std::min(static_cast<std::size_t>(method), std::size(kNames) - 1)];
}

std::string_view transform_name(Transform transform) noexcept {
  return transform == Transform::kCrlf ? "crlf" : "none";
}

std::array<std::uint8_t, 2> ModelRef::message_id(const ContextHash& context, const Sha256* adapter) const {
  Bytes all(sha256.begin(), sha256.end());
  append_bytes(all, tokenizer_hash);
  append_fixed<std::uint32_t>(all, numerics_version);
  append_fixed<std::uint32_t>(all, window);
  append_fixed<std::uint32_t>(all, sinks);
  append_bytes(all, context);
  if (adapter) append_bytes(all, *adapter);
  const Sha256 hash = koan::sha256(all);
  const std::uint32_t bits = (std::uint32_t{hash[0]} << 8 | hash[1]) >> 4;
  const std::uint32_t id = bits << 4 | ((bits ^ bits >> 4 ^ bits >> 8) & 15);
  return {static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
}

bool is_frame_start(std::uint8_t byte) noexcept { return byte == kFrameMagic[0]; }
bool is_message_start(std::uint8_t byte) noexcept { return (byte & 0xF0) == 0xB0 && std::popcount(byte) % 2 == 0; }

void append_frame_header(Bytes& out, const FrameHeader& header) {
  Bytes head(std::begin(kFrameMagic), std::end(kFrameMagic));
  head.push_back(static_cast<std::uint8_t>(kFormatVersion));
  head.push_back(static_cast<std::uint8_t>(header.segment_log));
  head.push_back(header.has_context ? kFlagContext : 0);
  append_fixed<std::uint32_t>(head, low32(head));
  append_bytes(out, head);
}

Result<FrameHeader> parse_frame_header(ByteReader& in) {
  KOAN_ASSIGN(ByteView head, in.take(9));
  if (!std::equal(std::begin(kFrameMagic), std::end(kFrameMagic), head.begin())) return corrupt("not a .koan file");
  KOAN_ASSIGN(const std::uint32_t check, in.fixed<std::uint32_t>());
  if (check != low32(head)) return corrupt("frame header is damaged");
  if (head[6] != kFormatVersion) {
    return Error{ErrorCode::kNeedsVersion, "made with file format version " + std::to_string(head[6]) +
                                               "; this koan reads version " + std::to_string(kFormatVersion)};
  }
  if (head[7] < kMinSegmentLog || head[7] > kMaxSegmentLog || (head[8] & ~kFlagContext) != 0)
    return corrupt("frame header has values out of range");
  return FrameHeader{head[7], head[8] == kFlagContext};
}

void append_context_record(Bytes& out, const ContextRef& context) {
  Bytes record{kTagContext};
  append_varint(record, context.bytes);
  append_bytes(record, context.hash);
  append_fixed<std::uint32_t>(record, low32(record));
  append_bytes(out, record);
}

Result<ContextRef> parse_context_record(ByteReader& in) {
  ByteReader start = in;
  const std::size_t begin = in.position();
  KOAN_ASSIGN(const std::uint8_t tag, in.fixed<std::uint8_t>());
  if (tag != kTagContext) return corrupt("context record is missing");
  ContextRef context;
  KOAN_ASSIGN(context.bytes, in.varint());
  KOAN_ASSIGN(ByteView hash, in.take(context.hash.size()));
  std::copy(hash.begin(), hash.end(), context.hash.begin());
  KOAN_ASSIGN(ByteView record, start.take(in.position() - begin));
  KOAN_ASSIGN(const std::uint32_t check, in.fixed<std::uint32_t>());
  if (check != low32(record)) return corrupt("context record is damaged");
  if (context.bytes == 0 || context.bytes > kMaxContext) return corrupt("context length out of range");
  return context;
}

void append_model_record(Bytes& out, const ModelRef& model) {
  Bytes record{kTagModel};
  append_varint(record, model.numerics_version);
  append_bytes(record, model.sha256);
  append_bytes(record, model.tokenizer_hash);
  append_varint(record, model.window);
  append_varint(record, model.sinks);
  append_varint(record, model.predictors);
  append_fixed<std::uint32_t>(record, low32(record));
  append_bytes(out, record);
}

Result<ModelRef> parse_model_record(ByteReader& in) {
  ByteReader start = in;
  const std::size_t begin = in.position();
  KOAN_TRY(in.take(1));
  ModelRef model;
  KOAN_ASSIGN(const std::uint64_t numerics, in.varint());
  KOAN_ASSIGN(ByteView sha, in.take(model.sha256.size()));
  std::copy(sha.begin(), sha.end(), model.sha256.begin());
  KOAN_ASSIGN(ByteView tokenizer, in.take(model.tokenizer_hash.size()));
  std::copy(tokenizer.begin(), tokenizer.end(), model.tokenizer_hash.begin());
  KOAN_ASSIGN(const std::uint64_t window, in.varint());
  KOAN_ASSIGN(const std::uint64_t sinks, in.varint());
  KOAN_ASSIGN(const std::uint64_t predictors, in.varint());
  KOAN_ASSIGN(ByteView record, start.take(in.position() - begin));
  KOAN_ASSIGN(const std::uint32_t check, in.fixed<std::uint32_t>());
  if (check != low32(record)) return corrupt("model record is damaged");
  if (numerics > UINT32_MAX) return corrupt("numerics version out of range");
  if (window < kMinWindow || window > kMaxWindow || sinks > kMaxSinks) return corrupt("window out of range");
  if ((predictors & ~std::uint64_t{kPredictorsAll}) != 0) {
    return Error{ErrorCode::kNeedsVersion, "made with adaptive predictors that this koan does not know"};
  }
  model.numerics_version = static_cast<std::uint32_t>(numerics);
  model.window = static_cast<std::uint32_t>(window);
  model.sinks = static_cast<std::uint32_t>(sinks);
  model.predictors = static_cast<std::uint32_t>(predictors);
  return model;
}

void append_adapter_record(Bytes& out, const Sha256& adapter) {
  Bytes record{kTagAdapter};
  append_bytes(record, adapter);
  append_fixed<std::uint32_t>(record, low32(record));
  append_bytes(out, record);
}

Result<Sha256> parse_adapter_record(ByteReader& in) {
  KOAN_ASSIGN(ByteView record, in.take(1 + std::tuple_size_v<Sha256>));
  KOAN_ASSIGN(const std::uint32_t check, in.fixed<std::uint32_t>());
  if (check != low32(record)) return corrupt("adapter record is damaged");
  Sha256 adapter;
  std::copy(record.begin() + 1, record.end(), adapter.begin());
  return adapter;
}

void append_segment_head(Bytes& out, const SegmentHead& head) {
  out.push_back(static_cast<std::uint8_t>(kTagSegment + static_cast<std::uint8_t>(head.method)));
  out.push_back(static_cast<std::uint8_t>(head.transform));
  append_varint(out, head.raw_bytes);
  if (head.transform != Transform::kNone) append_varint(out, head.text_bytes);
  append_varint(out, head.coded_bytes);
}

Result<SegmentHead> parse_segment_head(ByteReader& in, std::uint32_t segment_log) {
  SegmentHead head;
  KOAN_ASSIGN(const std::uint8_t tag, in.fixed<std::uint8_t>());
  if (tag < kTagSegment || tag > kTagSegment + static_cast<std::uint8_t>(kLastMethod))
    return corrupt("unknown record tag");
  head.method = static_cast<Method>(tag - kTagSegment);
  KOAN_ASSIGN(const std::uint8_t transform, in.fixed<std::uint8_t>());
  if (transform > 1) return corrupt("unknown transform");
  head.transform = static_cast<Transform>(transform);
  KOAN_ASSIGN(head.raw_bytes, in.varint());
  if (head.raw_bytes == 0 || head.raw_bytes > std::uint64_t{1} << segment_log)
    return corrupt("segment length out of range");
  head.text_bytes = head.raw_bytes;
  if (head.transform != Transform::kNone) {
    KOAN_ASSIGN(head.text_bytes, in.varint());
  }
  KOAN_ASSIGN(head.coded_bytes, in.varint());
  KOAN_TRY(check_lengths(head.raw_bytes, head.text_bytes, head.coded_bytes, head.method, head.transform));
  if (head.method == Method::kRecords && head.transform != Transform::kNone)
    return corrupt("records with a transform");
  const bool predicted =
      head.method == Method::kModel || head.method == Method::kAdapter || head.method == Method::kCm;
  if (predicted && head.text_bytes > kMaxModelRatio * head.coded_bytes) {
    return corrupt(std::string(method_name(head.method)) + "-coded data is shorter than it can be");
  }
  return head;
}

std::uint64_t segment_check(ByteView head, ByteView coded, ByteView raw) {
  Bytes all(head.begin(), head.end());
  append_bytes(all, coded);
  return xxh3_64(raw, xxh3_64(all));
}

void append_message_head(Bytes& out, const MessageHead& head) {
  const auto first =
      static_cast<std::uint8_t>(0xB0 + 4 * static_cast<int>(head.transform) + static_cast<int>(head.method));
  out.push_back(is_message_start(first) ? first : static_cast<std::uint8_t>(first + 8));
  if (head.method == Method::kModel) append_bytes(out, head.model_id);
  append_varint(out, head.raw_bytes);
  if (head.transform != Transform::kNone) append_varint(out, head.text_bytes);
  if (head.method == Method::kZstd || head.method == Method::kLzma) append_varint(out, head.coded_bytes);
}

Result<MessageHead> parse_message_head(ByteReader& in) {
  MessageHead head;
  KOAN_ASSIGN(const std::uint8_t first, in.fixed<std::uint8_t>());
  if (!is_message_start(first)) return corrupt("not a .koan message");
  head.transform = static_cast<Transform>((first >> 2) & 1);
  head.method = static_cast<Method>(first & 3);
  if (head.method == Method::kModel) {
    KOAN_ASSIGN(ByteView id, in.take(2));
    head.model_id = {id[0], id[1]};
    if (((id[0] ^ id[0] >> 4 ^ id[1] ^ id[1] >> 4) & 15) != 0) return corrupt("message is damaged");
  }
  KOAN_ASSIGN(head.raw_bytes, in.varint());
  if (head.raw_bytes > kMaxMessage) return corrupt("message length out of range");
  if (head.raw_bytes == 0 && head.method != Method::kStored) return corrupt("empty message with a method");
  head.text_bytes = head.raw_bytes;
  if (head.transform != Transform::kNone) {
    KOAN_ASSIGN(head.text_bytes, in.varint());
  }
  if (head.method == Method::kStored) head.coded_bytes = head.text_bytes;
  if (head.method == Method::kZstd || head.method == Method::kLzma) {
    KOAN_ASSIGN(head.coded_bytes, in.varint());
  }
  KOAN_TRY(check_lengths(head.raw_bytes, head.text_bytes, head.coded_bytes, head.method, head.transform));
  return head;
}

std::uint32_t message_check(ByteView head_and_coded, ByteView raw) noexcept {
  return static_cast<std::uint32_t>(xxh3_64(raw, xxh3_64(head_and_coded)) & 0xFFFFFF);
}

void append_index_entry(Bytes& out, const IndexEntry& entry) {
  append_varint(out, entry.gap);
  append_varint(out, entry.record_bytes);
  append_varint(out, entry.raw_bytes);
}

void append_end_record(Bytes& out, std::uint64_t count, ByteView entries, const EndRecord& end) {
  Bytes record{kTagEnd};
  append_varint(record, count);
  append_bytes(record, entries);
  append_varint(record, end.model_offset);
  append_varint(record, end.adapter_offsets.size());
  for (const std::uint64_t offset : end.adapter_offsets) append_varint(record, offset);
  append_varint(record, end.raw_bytes);
  append_varint(record, end.frame_bytes);
  append_fixed<std::uint64_t>(record, end.raw_hash);
  append_fixed<std::uint32_t>(record, static_cast<std::uint32_t>(record.size()));
  append_fixed<std::uint32_t>(record, low32(record));
  append_bytes(out, record);
}

}  // namespace koan
