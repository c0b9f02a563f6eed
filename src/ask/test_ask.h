// For tests: a chat model that replies from a table, and settings.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "ask/play_out.h"

namespace koan::ask {

// Replies by a function of the request, or from a list; counts what it was asked.
class ScriptedChat final : public ChatModel {
 public:
  using Reply = std::function<std::string(const ChatRequest&)>;
  using Weights = std::function<std::vector<std::uint64_t>(const ChatRequest&, std::span<const std::string>)>;

  ScriptedChat(std::string name, std::string identity, Reply reply, Weights weights = {})
      : name_(std::move(name)),
        identity_(std::move(identity)),
        reply_(std::move(reply)),
        weights_(std::move(weights)) {}

  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return identity_; }
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override {
    std::vector<ChatReply> out;
    for (const ChatRequest& request : requests) {
      if (count == limit) return Error{failure, "out of replies"};
      ++count;
      seen.push_back(request);
      out.push_back({reply_(request), FinishReason::kEnd, {1, 1}});
    }
    return out;
  }
  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override {
    if (!weights_) return Error{ErrorCode::kNotSupported, "no weights"};
    ++count;
    seen.push_back(request);
    std::vector<ChoiceScore> out;
    for (const std::uint64_t weight : weights_(request, choices)) out.push_back({weight, 0});
    return out;
  }

  std::size_t count = 0, limit = SIZE_MAX;
  ErrorCode failure = ErrorCode::kRemote;  // at the limit
  std::vector<ChatRequest> seen;

 private:
  std::string name_, identity_;
  Reply reply_;
  Weights weights_;
};

inline bool has(const ChatRequest& request, std::string_view text) {
  for (const ChatMessage& message : request.messages)
    if (message.content.find(text) != std::string::npos) return true;
  return false;
}

// A protocol of the program with some of its data replaced.
inline ProtocolData protocol(std::string_view name, const std::function<void(ProtocolData&)>& change = {}) {
  ProtocolData out = find_protocol(name).value();
  if (change) change(out);
  return out;
}

}  // namespace koan::ask
