#include "remote/dialect.h"

#include <algorithm>
#include <cmath>

#include "base/utf8.h"

namespace koan {
namespace {

Error usage(const std::string& what) { return Error{ErrorCode::kUsage, "chat request: " + what}; }

bool is_text(const std::string& text) { return find_binary(as_bytes(text)) == text.size(); }

}  // namespace

Status checked_request(const ChatRequest& request) {
  if (request.max_tokens == 0) return usage("max_tokens is 0");
  if (!std::isfinite(request.temperature) || request.temperature < 0) return usage("the temperature is below 0");
  if (!(request.top_p > 0 && request.top_p <= 1)) return usage("top_p is not above 0 and up to 1");
  bool has_turn = false;
  for (const ChatMessage& message : request.messages) {
    if (message.role != "system" && message.role != "user" && message.role != "assistant")
      return usage("'" + message.role + "' is no role of system, user, assistant");
    if (!is_text(message.content)) return usage("a message is not UTF-8");
    has_turn = has_turn || message.role != "system";
  }
  if (!has_turn) return usage("no message");
  for (const std::string& stop : request.stop)
    if (stop.empty() || !is_text(stop)) return usage("a stop string is empty or not UTF-8");
  return {};
}

ServerError unreadable(const std::string& what) {
  ServerError out;
  out.status = 200;
  out.message = "the reply cannot be read: " + what;
  return out;
}

ServerError cut_short() {
  ServerError out;
  out.broken = true;
  out.message = "the stream ended before the reply did";
  return out;
}

std::variant<JsonDocument, ServerError> read_reply_json(std::string_view body) {
  auto json = parse_json_document(body, kMaxReplyBytes);
  if (!json) return unreadable(json.error().message);
  if (auto error = find_server_error(*json)) return std::move(*error);
  return std::move(*json);
}

const JsonDocument* member(const JsonDocument& object, const char* name) noexcept {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

const std::string* text_member(const JsonDocument& object, const char* name) noexcept {
  const JsonDocument* value = member(object, name);
  return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
}

std::uint64_t count_member(const JsonDocument& object, const char* name) noexcept {
  const JsonDocument* value = member(object, name);
  if (value == nullptr || !value->is_number_unsigned()) return 0;
  return std::min(value->get<std::uint64_t>(), std::uint64_t{1} << 50);  // sums do not overflow
}

}  // namespace koan
