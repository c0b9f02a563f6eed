#include "http/sse.h"

#include <algorithm>
#include <optional>

namespace koan {
namespace {

// The next line without its end (CRLF, LF or CR); nothing if the rest has no end.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  const bool pair = rest[end] == '\r' && end + 1 < rest.size() && rest[end + 1] == '\n';
  rest.remove_prefix(end + (pair ? 2 : 1));
  return line;
}

}  // namespace

std::vector<SseEvent> parse_sse(std::string_view stream) {
  if (stream.starts_with("\xEF\xBB\xBF")) stream.remove_prefix(3);
  std::vector<SseEvent> out;
  SseEvent event;
  bool has_data = false;
  while (const auto line = take_line(stream)) {
    if (line->empty()) {
      if (event.name.empty()) event.name = "message";
      if (has_data) out.push_back(std::move(event));
      event = {};
      has_data = false;
      continue;
    }
    const std::size_t colon = std::min(line->find(':'), line->size());
    const std::string_view field = line->substr(0, colon);  // empty: a comment
    std::string_view value = line->substr(std::min(colon + 1, line->size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
      if (has_data) event.data += '\n';
      event.data += value;
      has_data = true;
    } else if (field == "event") {
      event.name = value;
    }
  }
  return out;
}

}  // namespace koan
