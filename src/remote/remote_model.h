// A model behind an HTTP interface as a ChatModel (docs/remote.md).
#pragma once

#include <memory>

#include "chat/chat_model.h"
#include "remote/caller.h"

namespace koan {

class RemoteModel final : public ChatModel {
 public:
  // Errors: kUsage (a local endpoint; a key that is none; a budget of money and no prices).
  static Result<std::unique_ptr<ChatModel>> create(Endpoint endpoint, RemoteOptions options);

  const std::string& name() const noexcept override { return endpoint_.name; }
  std::string identity() const override { return {}; }
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override;
  // By the most probable first tokens, where the server gives them (first_token.h).
  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override;

 private:
  RemoteModel(Endpoint endpoint, Caller caller) : endpoint_(std::move(endpoint)), caller_(std::move(caller)) {}
  Result<std::string> body_of(const ChatRequest& request) const;

  Endpoint endpoint_;
  Caller caller_;
};

}  // namespace koan
