// The payload of a record block as data: lines of JSON taken apart into a skeleton and records, and put together again
// (docs/format.md "Record blocks"). No model here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/json_line.h"
#include "formats/part.h"

namespace koan {

// What to take from each line.
struct RecordFields {
  std::string field, context;  // paths; no context if empty
  bool operator==(const RecordFields&) const = default;
};

inline constexpr std::size_t kMaxRecordContext = 8192;
inline constexpr std::size_t kMaxBlockLines = 65536;
inline constexpr std::uint64_t kMinSkeletonPiece = 1024;  // of a skeleton that the model codes

// One record of a block.
struct RecordEntry {
  std::uint8_t style = 0;
  std::uint8_t coder = 0;  // 0 stored, 1 the model, 2 + i the model with adapter i
  std::uint32_t coded_bytes = 0;
  std::uint32_t text_bytes = 0;
};
inline constexpr std::uint8_t kCoderStored = 0, kCoderModel = 1, kCoderAdapter = 2;

// Whole lines of JSON, taken apart.
struct SplitLines {
  Bytes skeleton;
  std::uint64_t lines = 0;
  bool unfinished = false;      // the last line lacks its LF
  std::vector<JsonText> texts;  // of the lines that have a record
};
SplitLines split_lines(ByteView raw, const RecordFields& fields);

// The lines of a skeleton and where a record goes: at `record` in it.
struct SkeletonLine {
  ByteView line;  // with its LF
  std::optional<std::size_t> record;
  bool is_filled = false;  // there is something where the record's string must be empty: damage
};
std::vector<SkeletonLine> skeleton_lines(ByteView skeleton, const RecordFields& fields);
std::uint64_t count_lines(ByteView text) noexcept;  // of which the last may lack its LF
// What a record of this line continues; empty if nothing.
Bytes record_context(const SkeletonLine& line, const RecordFields& fields);

// The head of a payload: everything but the records' streams.
struct RecordHead {
  std::uint64_t lines = 0;
  bool unfinished = false;  // as in SplitLines
  std::uint64_t line_ends() const noexcept { return lines - (unfinished ? 1 : 0); }
  RecordFields fields;
  std::uint64_t skeleton_bytes = 0;
  Method skeleton_method = Method::kStored;
  std::uint64_t skeleton_piece = 0;      // length of all pieces but the last; for Method::kModel
  std::vector<ByteView> skeleton_coded;  // one, or a piece each for Method::kModel
  ByteView table;
  std::size_t streams_at = 0;  // offset of the records' streams in the payload
};
struct RecordHeadOut {
  std::uint64_t lines;
  bool unfinished;
  const RecordFields& fields;
  std::uint64_t skeleton_bytes;
  Method skeleton_method;
  std::uint64_t skeleton_piece;
  const std::vector<Bytes>& skeleton_coded;
  const std::vector<RecordEntry>& entries;
};
// The payload up to the streams; the hash in front of it covers them too.
Bytes write_record_payload(const RecordHeadOut& head, const std::vector<Bytes>& streams);
// raw_bytes: of the segment; nothing in it can be longer. kCorrupt if the hash does not match.
Result<RecordHead> parse_record_head(ByteView payload, std::uint64_t raw_bytes);

Bytes encode_record_table(const std::vector<RecordEntry>& entries);
// n: records that the skeleton has. stream_bytes: what the coded lengths must sum up to. kCorrupt for values out of
// range.
struct RecordTableLimits {
  std::size_t n;
  std::uint64_t raw_bytes, stream_bytes;
  std::size_t adapters;  // that the frame has named
};
Result<std::vector<RecordEntry>> decode_record_table(ByteView table, const RecordTableLimits& limits);

// A line of the original. kCorrupt if the text cannot be written in the style.
Status append_line(Bytes& out, const SkeletonLine& line, std::uint8_t style, ByteView text);

}  // namespace koan
