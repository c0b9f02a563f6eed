#include "codec/record_block.h"

#include <algorithm>

#include "codec/number_coder.h"

namespace koan {
namespace {

Error corrupt(const char* what) { return {ErrorCode::kCorrupt, std::string("records: ") + what}; }

// Calls fn(line) for each line, its LF included.
template <typename Fn>
void for_lines(ByteView text, Fn fn) {
  for (std::size_t begin = 0; begin < text.size();) {
    const auto lf = std::find(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), '\n');
    const std::size_t end = lf == text.end() ? text.size() : static_cast<std::size_t>(lf - text.begin()) + 1;
    fn(text.subspan(begin, end - begin));
    begin = end;
  }
}

// Texts are about as much longer than their code as those before.
class LengthGuess {
 public:
  std::uint64_t operator()(std::uint64_t coded) const noexcept { return std::min(coded * text_ / coded_, kMost); }
  void add(const RecordEntry& entry) noexcept {
    text_ += entry.text_bytes;
    coded_ += entry.coded_bytes;
  }

 private:
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 29;  // so that twice the difference fits a number
  std::uint64_t text_ = 4096, coded_ = 1024;  // sums stay below 2^25, products below 2^50
};

// The table in one direction or the other.
class Table {
 public:
  template <typename Bit>
  void code(RecordEntry& e, Bit bit) {
    e.style = static_cast<std::uint8_t>(style_.code(e.style, bit));
    e.coder = static_cast<std::uint8_t>(coder_.code(e.coder, bit));
    e.coded_bytes = coded_.code(e.coded_bytes, bit);
    if (e.coder == kCoderStored) {
      e.text_bytes = e.coded_bytes;
    } else {
      const auto guess = static_cast<std::int64_t>(guess_(e.coded_bytes));
      const std::int64_t d = std::int64_t{e.text_bytes} - guess;
      const std::uint32_t zigzag = text_.code(static_cast<std::uint32_t>(d >= 0 ? 2 * d : -2 * d - 1), bit);
      const std::int64_t back = zigzag & 1 ? -static_cast<std::int64_t>(zigzag / 2) - 1 : std::int64_t{zigzag / 2};
      e.text_bytes = static_cast<std::uint32_t>(std::clamp<std::int64_t>(guess + back, 0, UINT32_MAX));
    }
    guess_.add(e);
  }

 private:
  AdaptiveSymbol<4> style_;
  AdaptiveSymbol<8> coder_;
  AdaptiveNumber coded_, text_;
  LengthGuess guess_;
};

Status check_entry(const RecordEntry& e, const RecordTableLimits& limits) {
  if (e.style > kEscapeNothing) return corrupt("unknown style");
  if (e.coder >= kCoderAdapter + limits.adapters) return corrupt("adapter without a record");
  if (e.text_bytes > limits.raw_bytes || e.coded_bytes > e.text_bytes + kCodedSlack) return corrupt("length out of range");
  if (e.coder != kCoderStored && (e.text_bytes == 0 || e.text_bytes > kMaxModelRatio * e.coded_bytes))
    return corrupt("a record is shorter than it can be");
  return {};
}

Result<std::string> read_path(ByteReader& in) {
  KOAN_ASSIGN(const std::uint64_t size, in.varint());
  if (size > kMaxFieldPath) return corrupt("field path is too long");
  KOAN_ASSIGN(ByteView path, in.take(size));
  return std::string(as_text(path));
}

}  // namespace

SplitLines split_lines(ByteView raw, const RecordFields& fields) {
  SplitLines out;
  out.unfinished = !raw.empty() && raw.back() != '\n';
  for_lines(raw, [&](ByteView line) {
    ++out.lines;
    const auto value = find_json_value(line, fields.field);
    if (!value || !value->is_string) {
      append_bytes(out.skeleton, line);
      return;
    }
    out.texts.push_back(text_of_json(line.subspan(value->begin, value->end - value->begin)));
    append_bytes(out.skeleton, line.first(value->begin));
    append_bytes(out.skeleton, line.subspan(value->end));
  });
  return out;
}

std::uint64_t count_lines(ByteView text) noexcept {
  const auto ends = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

std::vector<SkeletonLine> skeleton_lines(ByteView skeleton, const RecordFields& fields) {
  std::vector<SkeletonLine> out;
  for_lines(skeleton, [&](ByteView line) {
    SkeletonLine& made = out.emplace_back();
    made.line = line;
    const auto value = find_json_value(line, fields.field);
    if (!value || !value->is_string) return;
    made.record = value->begin;
    made.is_filled = value->end != value->begin;
  });
  return out;
}

Bytes record_context(const SkeletonLine& line, const RecordFields& fields) {
  if (fields.context.empty()) return {};
  const auto value = find_json_value(line.line, fields.context);
  if (!value) return {};
  const ByteView found = line.line.subspan(value->begin, value->end - value->begin);
  Bytes out = value->is_string ? unescape_json(found) : Bytes(found.begin(), found.end());
  if (out.empty()) return out;
  if (out.size() > kMaxRecordContext) {
    auto from = out.end() - static_cast<std::ptrdiff_t>(kMaxRecordContext);
    for (int i = 0; i < 3 && (*from & 0xC0) == 0x80; ++i) ++from;
    out.erase(out.begin(), from);
  }
  out.insert(out.end(), {'\n', '\n'});
  return out;
}

Bytes write_record_payload(const RecordHeadOut& head, const std::vector<Bytes>& streams) {
  Bytes body;
  append_varint(body, 2 * head.lines + (head.unfinished ? 1 : 0));
  for (const std::string& path : {head.fields.field, head.fields.context}) {
    append_varint(body, path.size());
    append_bytes(body, as_bytes(path));
  }
  append_varint(body, head.skeleton_bytes);
  body.push_back(static_cast<std::uint8_t>(head.skeleton_method));
  if (head.skeleton_method == Method::kModel) append_varint(body, head.skeleton_piece);
  for (const Bytes& piece : head.skeleton_coded) append_varint(body, piece.size());
  for (const Bytes& piece : head.skeleton_coded) append_bytes(body, piece);
  const Bytes table = encode_record_table(head.entries);
  append_varint(body, table.size());
  append_bytes(body, table);
  for (const Bytes& stream : streams) append_bytes(body, stream);
  Bytes out;
  append_fixed<std::uint64_t>(out, xxh3_64(body));
  append_bytes(out, body);
  return out;
}

Result<RecordHead> parse_record_head(ByteView payload, std::uint64_t raw_bytes) {
  ByteReader in(payload);
  RecordHead out;
  KOAN_ASSIGN(const std::uint64_t hash, in.fixed<std::uint64_t>());
  if (hash != xxh3_64(payload.subspan(in.position()))) return corrupt("checksum of the coded bytes does not match");
  KOAN_ASSIGN(const std::uint64_t lines, in.varint());
  out.lines = lines / 2;
  out.unfinished = lines % 2 != 0;
  KOAN_ASSIGN(out.fields.field, read_path(in));
  KOAN_ASSIGN(out.fields.context, read_path(in));
  KOAN_ASSIGN(out.skeleton_bytes, in.varint());
  if (out.fields.field.empty()) return corrupt("no field");
  if (out.lines == 0 || out.lines > kMaxBlockLines || out.skeleton_bytes == 0 || out.skeleton_bytes > raw_bytes)
    return corrupt("length out of range");
  KOAN_ASSIGN(const std::uint8_t method, in.fixed<std::uint8_t>());
  if (method > static_cast<std::uint8_t>(Method::kCm)) return corrupt("unknown method of a skeleton");
  out.skeleton_method = static_cast<Method>(method);
  const bool by_model = out.skeleton_method == Method::kModel;
  std::uint64_t pieces = 1;
  if (by_model) {
    KOAN_ASSIGN(out.skeleton_piece, in.varint());
    if (out.skeleton_piece < kMinSkeletonPiece || out.skeleton_piece > std::uint64_t{1} << kMaxSegmentLog)
      return corrupt("length out of range");
    pieces = (out.skeleton_bytes + out.skeleton_piece - 1) / out.skeleton_piece;
  }
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t i = 0; i < pieces; ++i) {
    KOAN_ASSIGN(const std::uint64_t size, in.varint());
    const std::uint64_t text =
        by_model ? std::min(out.skeleton_bytes - i * out.skeleton_piece, out.skeleton_piece) : out.skeleton_bytes;
    const bool predicted = by_model || out.skeleton_method == Method::kCm;
    if (size > text + kCodedSlack || (predicted && text > kMaxModelRatio * size))
      return corrupt("length out of range");
    sizes.push_back(size);
  }
  for (const std::uint64_t size : sizes) {
    KOAN_ASSIGN(const ByteView piece, in.take(size));
    out.skeleton_coded.push_back(piece);
  }
  KOAN_ASSIGN(const std::uint64_t table, in.varint());
  KOAN_ASSIGN(out.table, in.take(table));
  out.streams_at = in.position();
  return out;
}

Bytes encode_record_table(const std::vector<RecordEntry>& entries) {
  RangeEncoder coder;
  Table table;
  for (RecordEntry entry : entries) table.code(entry, BitEncoder{coder});
  coder.finish();
  return coder.take();
}

Result<std::vector<RecordEntry>> decode_record_table(ByteView bytes, const RecordTableLimits& limits) {
  RangeDecoder coder(bytes);
  Table table;
  std::vector<RecordEntry> out;
  std::uint64_t text = 0, coded = 0;
  for (std::size_t i = 0; i < limits.n; ++i) {
    RecordEntry entry;
    table.code(entry, BitDecoder{coder});
    KOAN_TRY(check_entry(entry, limits));
    text += entry.text_bytes;
    coded += entry.coded_bytes;
    if (text > limits.raw_bytes || coded > limits.stream_bytes || coder.past_end()) return corrupt("table is damaged");
    out.push_back(entry);
  }
  const auto end = coder.finish();
  if (!end || *end != bytes.size() || coded != limits.stream_bytes) return corrupt("table is damaged");
  return out;
}

Status append_line(Bytes& out, const SkeletonLine& line, std::uint8_t style, ByteView text) {
  append_bytes(out, line.line.first(*line.record));
  if (style == kEscapeNothing) {
    append_bytes(out, text);
  } else {
    const auto content = escape_json(text, style);
    if (!content) return corrupt("a text does not fit its style");
    append_bytes(out, *content);
  }
  append_bytes(out, line.line.subspan(*line.record));
  return {};
}

}  // namespace koan
