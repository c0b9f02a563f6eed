// Server-sent events (WHATWG HTML, 9.2.6): the form in which servers stream replies. From bytes alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace koan {

struct SseEvent {
  std::string name;  // "message" if the stream names none
  std::string data;  // lines joined by LF
  bool operator==(const SseEvent&) const = default;
};

// Every event that is complete; comments and events without data are passed over. What follows the last empty line is
// no event: the stream may have been cut there.
std::vector<SseEvent> parse_sse(std::string_view stream);

}  // namespace koan
