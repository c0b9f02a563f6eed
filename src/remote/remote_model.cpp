#include "remote/remote_model.h"

#include "remote/anthropic.h"
#include "remote/first_token.h"
#include "remote/key.h"
#include "remote/openai.h"

namespace koan {
namespace {

bool is_hosted(const Endpoint& endpoint) {
  return endpoint.url == "https://api.openai.com" || endpoint.url.starts_with("https://api.openai.com/");
}

Dialect dialect_of(const Endpoint& endpoint, const std::string& key) {
  if (endpoint.kind == Endpoint::Kind::kOpenAi) {
    Dialect out{endpoint.url + "/chat/completions", {}, read_openai};
    if (!key.empty()) out.headers.emplace_back("Authorization", "Bearer " + key);
    return out;
  }
  // Written with the version or without: what the SDKs call the base address has none.
  const bool versioned = endpoint.url.ends_with("/v1");
  Dialect out{endpoint.url + (versioned ? "/messages" : "/v1/messages"),
              {{"anthropic-version", kAnthropicVersion}},
              read_anthropic};
  if (!key.empty()) out.headers.emplace_back("x-api-key", key);
  return out;
}

// At temperature 0 nothing is drawn.
std::string seed_of(const ChatRequest& request) {
  return request.temperature > 0 ? std::to_string(request.seed) : "none";
}

}  // namespace

Result<std::unique_ptr<ChatModel>> RemoteModel::create(Endpoint endpoint, RemoteOptions options) {
  if (endpoint.kind == Endpoint::Kind::kLocal)
    return Error{ErrorCode::kUsage, endpoint.name + " is no remote endpoint"};
  KOAN_TRY(checked_key(options.key, endpoint.key_env));
  if (options.budget && options.budget->limits_money() && !endpoint.prices) {
    return Error{ErrorCode::kUsage, "endpoint " + endpoint.name +
                                        " has no prices, so a budget of money cannot be kept; give "
                                        "input_price and output_price in the configuration"};
  }
  Dialect dialect = dialect_of(endpoint, options.key);
  KOAN_ASSIGN(Caller caller, Caller::create(endpoint, std::move(dialect), std::move(options)));
  return std::unique_ptr<ChatModel>(new RemoteModel(std::move(endpoint), std::move(caller)));
}

Result<std::string> RemoteModel::body_of(const ChatRequest& request) const {
  KOAN_TRY(checked_request(request));
  if (endpoint_.kind == Endpoint::Kind::kAnthropic) return anthropic_body(endpoint_.model, request);
  return openai_body(endpoint_.model, request, {is_hosted(endpoint_), true, 0});
}

Result<std::vector<ChatReply>> RemoteModel::replies(std::span<const ChatRequest> requests) {
  std::vector<Call> calls;
  for (const ChatRequest& request : requests) {
    KOAN_ASSIGN(std::string body, body_of(request));
    calls.push_back({std::move(body), seed_of(request), request.max_tokens});
  }
  KOAN_ASSIGN(std::vector<RemoteReply> replies, caller_.run(std::move(calls)));
  std::vector<ChatReply> out;
  for (RemoteReply& reply : replies) out.push_back(std::move(reply.reply));
  return out;
}

Result<std::vector<ChoiceScore>> RemoteModel::choose(const ChatRequest& request, std::span<const std::string> choices) {
  KOAN_TRY(checked_choices(choices));
  if (endpoint_.kind == Endpoint::Kind::kAnthropic)
    return Error{ErrorCode::kNotSupported, endpoint_.name + ": Anthropic's interface gives no probabilities of tokens"};
  ChatRequest first = request;
  first.max_tokens = 1;
  first.temperature = 0;
  first.top_p = 1;
  first.stop.clear();
  KOAN_TRY(checked_request(first));
  Call call{openai_body(endpoint_.model, first, {is_hosted(endpoint_), false, kTopLogprobs}), seed_of(first), 1};
  KOAN_ASSIGN(const std::vector<RemoteReply> replies, caller_.run({std::move(call)}));
  auto scores = weigh_choices(replies[0].first, choices);
  if (!scores) return std::move(scores).error().in(endpoint_.name);
  return scores;
}

}  // namespace koan
