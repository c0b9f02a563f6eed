// Lines of JSON taken apart and put together again. The bytes are: the path to the field, LF, the path to the context,
// LF, the lines.
#include <algorithm>

#include "codec/record_block.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

// Up to the next LF, which is left out.
std::string line_of(ByteView& bytes) {
  const auto lf = std::find(bytes.begin(), bytes.end(), '\n');
  const auto n = static_cast<std::size_t>(lf - bytes.begin());
  const std::string out(as_text(bytes.first(std::min(n, kMaxFieldPath))));
  bytes = bytes.subspan(std::min(bytes.size(), n + 1));
  return out;
}

void check_strings(ByteView content) {
  const JsonText text = text_of_json(content);
  const auto again = text.style == kEscapeNothing ? text.text : escape_json(text.text, text.style);
  require(again && std::ranges::equal(*again, content), "a string is written again as it was");
  for (std::uint8_t style = 0; style < kEscapeNothing; ++style) {
    if (const auto escaped = escape_json(content, style))
      require(std::ranges::equal(unescape_json(*escaped), content), "any text survives its escapes");
  }
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  ByteView raw(data, size);
  RecordFields fields;
  fields.field = fuzz::line_of(raw);
  fields.context = fuzz::line_of(raw);
  if (raw.size() > 1 << 14) return 0;
  if (const auto span = find_json_value(raw, fields.field))
    fuzz::require(span->begin <= span->end && span->end <= raw.size(), "a value lies in its line");
  const SplitLines split = split_lines(raw, fields);
  const std::vector<SkeletonLine> lines = skeleton_lines(split.skeleton, fields);
  fuzz::require(lines.size() == split.lines, "a skeleton has as many lines");
  Bytes back;
  std::size_t used = 0;
  for (const SkeletonLine& line : lines) {
    fuzz::require(record_context(line, fields).size() <= kMaxRecordContext + 2, "a context is not too long");
    if (!line.record) {
      append_bytes(back, line.line);
      continue;
    }
    fuzz::require(!line.is_filled && used < split.texts.size(), "where a record was is one");
    const JsonText& text = split.texts[used++];
    fuzz::require(append_line(back, line, text.style, text.text).has_value(), "a text fits its style");
  }
  fuzz::require(used == split.texts.size() && std::ranges::equal(back, raw), "the lines are as they were");
  fuzz::check_strings(raw);
  return 0;
}
