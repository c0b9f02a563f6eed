#include "remote/openai.h"

#include "http/sse.h"

namespace koan {
namespace {

// Some servers read a seed as a signed number of 32 bits; the whole one is in the key of the cache.
constexpr std::uint64_t kSeedMask = 0x7FFFFFFF;

// Why the model stopped, or that it did not finish; nothing: the word is not known, and the text stands.
std::variant<FinishReason, ServerError> reason_of(const std::string& word) {
  if (word == "length") return FinishReason::kLength;
  ServerError refused;
  refused.status = word == "error" ? 502 : 200;  // OpenRouter: the provider failed
  refused.kind = word;
  if (word == "content_filter")
    refused.message = "the server's content filter stopped the reply";
  else if (word == "tool_calls" || word == "function_call")
    refused.message = "the model calls a tool, though none was offered";
  else if (word == "error")
    refused.message = "the provider failed while it replied";
  else
    return FinishReason::kEnd;
  return refused;
}

void read_usage(const JsonDocument& json, RemoteReply& out) {
  const JsonDocument* usage = member(json, "usage");
  if (usage == nullptr || !usage->is_object()) return;
  out.has_usage = true;
  out.reply.usage = {count_member(*usage, "prompt_tokens"), count_member(*usage, "completion_tokens")};
}

// The first of "choices"; null if there is none.
const JsonDocument* first_choice(const JsonDocument& json) {
  const JsonDocument* choices = member(json, "choices");
  return choices != nullptr && choices->is_array() && !choices->empty() ? &choices->front() : nullptr;
}

std::string token_bytes(const JsonDocument& entry) {
  const JsonDocument* bytes = member(entry, "bytes");
  const std::string* token = text_member(entry, "token");
  if (bytes == nullptr || !bytes->is_array()) return token == nullptr ? "" : *token;
  std::string out;
  for (const JsonDocument& byte : *bytes)
    if (byte.is_number_unsigned()) out += static_cast<char>(byte.get<std::uint64_t>() & 0xFF);
  return out;
}

void read_logprobs(const JsonDocument& choice, RemoteReply& out) {
  const JsonDocument* logprobs = member(choice, "logprobs");
  const JsonDocument* content = logprobs == nullptr ? nullptr : member(*logprobs, "content");
  if (content == nullptr || !content->is_array() || content->empty()) return;
  const JsonDocument* top = member(content->front(), "top_logprobs");
  if (top == nullptr || !top->is_array()) return;
  for (const JsonDocument& entry : *top) {
    const JsonDocument* logprob = member(entry, "logprob");
    const bool listed =
        logprob != nullptr && logprob->is_number() && logprob->get<double>() > -9000;  // -9999: not in the top
    if (listed) out.first.push_back({token_bytes(entry), logprob->get<double>()});
  }
}

ReplyOrError read_whole(std::string_view body) {
  auto read = read_reply_json(body);
  if (auto* error = std::get_if<ServerError>(&read)) return std::move(*error);
  const JsonDocument& json = std::get<JsonDocument>(read);
  const JsonDocument* choice = first_choice(json);
  const JsonDocument* message = choice == nullptr ? nullptr : member(*choice, "message");
  if (message == nullptr || !message->is_object()) return unreadable("it has no choices[0].message");
  if (const auto error = find_server_error(*choice)) return *error;  // OpenRouter
  RemoteReply out;
  if (const std::string* text = text_member(*message, "content"))
    out.reply.text = *text;
  else if (member(*message, "content") != nullptr)
    return unreadable("choices[0].message.content is no text");
  const std::string* word = text_member(*choice, "finish_reason");
  auto reason = reason_of(word == nullptr ? "stop" : *word);
  if (auto* error = std::get_if<ServerError>(&reason)) return std::move(*error);
  out.reply.reason = std::get<FinishReason>(reason);
  read_usage(json, out);
  read_logprobs(*choice, out);
  return out;
}

ReplyOrError read_stream(std::string_view body) {
  RemoteReply out;
  std::string finish;
  for (const SseEvent& event : parse_sse(body)) {
    if (event.data == "[DONE]") break;
    auto read = read_reply_json(event.data);
    if (auto* error = std::get_if<ServerError>(&read)) return std::move(*error);
    const JsonDocument& json = std::get<JsonDocument>(read);
    read_usage(json, out);
    const JsonDocument* choice = first_choice(json);  // the chunk with the usage has none
    if (choice == nullptr || count_member(*choice, "index") != 0) continue;
    if (const auto error = find_server_error(*choice)) return *error;
    if (const JsonDocument* delta = member(*choice, "delta"))
      if (const std::string* text = text_member(*delta, "content")) out.reply.text += *text;
    if (const std::string* word = text_member(*choice, "finish_reason"); word != nullptr && !word->empty())
      finish = *word;
    if (out.first.empty()) read_logprobs(*choice, out);
  }
  if (finish.empty()) return cut_short();
  auto reason = reason_of(finish);
  if (auto* error = std::get_if<ServerError>(&reason)) return std::move(*error);
  out.reply.reason = std::get<FinishReason>(reason);
  return out;
}

}  // namespace

std::string openai_body(const std::string& model, const ChatRequest& request, const OpenAiWays& ways) {
  JsonDocument messages = JsonDocument::array();
  for (const ChatMessage& message : request.messages)
    messages.push_back({{"role", message.role}, {"content", message.content}});
  JsonDocument body = {{"model", model}, {"messages", std::move(messages)}};
  body[ways.hosted ? "max_completion_tokens" : "max_tokens"] = request.max_tokens;
  // Other servers have defaults of their own, so what is meant is said.
  if (!ways.hosted || request.temperature != 1) body["temperature"] = request.temperature;
  if (!ways.hosted || request.top_p != 1) body["top_p"] = request.top_p;
  if (request.temperature > 0) body["seed"] = request.seed & kSeedMask;
  if (!request.stop.empty()) body["stop"] = request.stop;
  if (ways.top_logprobs != 0) {
    body["logprobs"] = true;
    body["top_logprobs"] = ways.top_logprobs;
  }
  if (ways.stream) {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
  }
  return body.dump();
}

ReplyOrError read_openai(std::string_view body, ReplyForm form) {
  return form == ReplyForm::kStream ? read_stream(body) : read_whole(body);
}

}  // namespace koan
