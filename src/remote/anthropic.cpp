#include "remote/anthropic.h"

#include "http/sse.h"

namespace koan {
namespace {

void read_usage(const JsonDocument* usage, RemoteReply& out) {
  if (usage == nullptr || !usage->is_object()) return;
  out.has_usage = true;
  // A stream says some of it at the beginning and the rest, cumulative, at the end.
  if (member(*usage, "input_tokens") != nullptr)
    out.reply.usage.input_tokens = count_member(*usage, "input_tokens") +
                                   count_member(*usage, "cache_creation_input_tokens") +
                                   count_member(*usage, "cache_read_input_tokens");
  if (member(*usage, "output_tokens") != nullptr) out.reply.usage.output_tokens = count_member(*usage, "output_tokens");
}

ReplyOrError finished(RemoteReply out, const std::string& reason) {
  ServerError refused;
  refused.status = 200;
  refused.kind = reason;
  if (reason == "refusal") {
    refused.message = "the model refuses to reply";
    return refused;
  }
  if (reason == "tool_use" || reason == "pause_turn") {
    refused.message = "the model stopped for a tool, though none was offered";
    return refused;
  }
  const bool too_long = reason == "max_tokens" || reason == "model_context_window_exceeded";
  out.reply.reason = reason == "stop_sequence" ? FinishReason::kStop
                     : too_long                ? FinishReason::kLength
                                               : FinishReason::kEnd;
  return out;
}

ReplyOrError read_whole(std::string_view body) {
  auto read = read_reply_json(body);
  if (auto* error = std::get_if<ServerError>(&read)) return std::move(*error);
  const JsonDocument& json = std::get<JsonDocument>(read);
  const JsonDocument* content = member(json, "content");
  const std::string* reason = text_member(json, "stop_reason");
  if (content == nullptr || !content->is_array()) return unreadable("it has no content");
  if (reason == nullptr) return unreadable("it has no stop_reason");
  RemoteReply out;
  for (const JsonDocument& block : *content) {
    const std::string* type = text_member(block, "type");
    const std::string* text = text_member(block, "text");
    if (type != nullptr && *type == "text" && text != nullptr) out.reply.text += *text;
  }
  read_usage(member(json, "usage"), out);
  return finished(std::move(out), *reason);
}

ReplyOrError read_stream(std::string_view body) {
  RemoteReply out;
  std::string reason;
  for (const SseEvent& event : parse_sse(body)) {
    auto read = read_reply_json(event.data);
    if (auto* error = std::get_if<ServerError>(&read)) return std::move(*error);
    const JsonDocument& json = std::get<JsonDocument>(read);
    const std::string* type = text_member(json, "type");
    if (type == nullptr) continue;
    const JsonDocument* delta = member(json, "delta");
    if (*type == "message_start") {
      if (const JsonDocument* message = member(json, "message")) read_usage(member(*message, "usage"), out);
    } else if (*type == "content_block_delta" && delta != nullptr) {
      const std::string* kind = text_member(*delta, "type");
      const std::string* text = text_member(*delta, "text");
      if (kind != nullptr && *kind == "text_delta" && text != nullptr) out.reply.text += *text;
    } else if (*type == "message_delta") {
      if (const std::string* word = delta == nullptr ? nullptr : text_member(*delta, "stop_reason")) reason = *word;
      read_usage(member(json, "usage"), out);
    } else if (*type == "message_stop") {
      break;
    }
  }
  if (reason.empty()) return cut_short();
  return finished(std::move(out), reason);
}

}  // namespace

Result<std::string> anthropic_body(const std::string& model, const ChatRequest& request) {
  if (request.temperature > 1)
    return Error{ErrorCode::kUsage, "chat request: Anthropic's interface takes temperatures up to 1"};
  std::string system;
  JsonDocument messages = JsonDocument::array();
  for (const ChatMessage& message : request.messages) {
    if (message.role == "system")
      system += (system.empty() ? "" : "\n\n") + message.content;
    else
      messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  JsonDocument body = {{"model", model}, {"max_tokens", request.max_tokens}};
  if (!system.empty()) body["system"] = system;
  body["messages"] = std::move(messages);
  // What is the default is not said: newer models refuse the one beside the other.
  if (request.temperature != 1) body["temperature"] = request.temperature;
  if (request.top_p != 1) body["top_p"] = request.top_p;
  if (!request.stop.empty()) body["stop_sequences"] = request.stop;
  body["stream"] = true;
  return body.dump();
}

ReplyOrError read_anthropic(std::string_view body, ReplyForm form) {
  return form == ReplyForm::kStream ? read_stream(body) : read_whole(body);
}

}  // namespace koan
