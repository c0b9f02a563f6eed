// Streams of server-sent events.
#include "base/bytes.h"
#include "fuzz.h"
#include "http/sse.h"

namespace koan::fuzz {
namespace {

std::string written_again(const std::vector<SseEvent>& events) {
  std::string out;
  for (const SseEvent& event : events) {
    out += "event: " + event.name + "\n";
    for (std::size_t start = 0;;) {
      const std::size_t end = event.data.find('\n', start);
      out += "data: " + event.data.substr(start, end - start) + "\n";
      if (end == std::string::npos) break;
      start = end + 1;
    }
    out += "\n";
  }
  return out;
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const std::string_view stream = as_text({data, size});
  const std::vector<SseEvent> events = parse_sse(stream);
  fuzz::require(parse_sse(fuzz::written_again(events)) == events, "events are the same when they are written again");
  // What has arrived so far shows a beginning of the events.
  const std::vector<SseEvent> half = parse_sse(stream.substr(0, size / 2));
  fuzz::require(half.size() <= events.size() && std::equal(half.begin(), half.end(), events.begin()),
                "what follows changes no event that is complete");
  return 0;
}
