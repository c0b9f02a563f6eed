// What the two interfaces share: requests are checked alike, and replies read into one form.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "chat/chat_model.h"
#include "remote/server_error.h"

namespace koan {

struct TokenLogprob {
  std::string token;   // bytes
  double logprob = 0;  // natural
};

struct RemoteReply {
  ChatReply reply;
  bool has_usage = false;           // else reply.usage is 0
  std::vector<TokenLogprob> first;  // the most probable first tokens, where they were asked for
};

using ReplyOrError = std::variant<RemoteReply, ServerError>;

// Errors: kUsage for what no server can take.
Status checked_request(const ChatRequest& request);

// `body` of a reply to the end, in the stream form or not.
enum class ReplyForm { kWhole, kStream };

// Ways to say that a reply is no reply.
ServerError unreadable(const std::string& what);  // status 200 and nonsense: asking again would not help
ServerError cut_short();                          // the stream ended before the reply did

// JSON of a reply; the error that it holds, or that it is none.
std::variant<JsonDocument, ServerError> read_reply_json(std::string_view body);

// Members of objects of unknown form; null or 0 where there is none of that type.
const JsonDocument* member(const JsonDocument& object, const char* name) noexcept;
const std::string* text_member(const JsonDocument& object, const char* name) noexcept;
std::uint64_t count_member(const JsonDocument& object, const char* name) noexcept;

}  // namespace koan
