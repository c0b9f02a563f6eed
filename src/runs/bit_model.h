// An answerer that knows nothing: what the near side makes of bits that tell nothing (docs/evaluation.md, "Arms").
#pragma once

#include "chat/chat_model.h"
#include "runs/arm.h"

namespace koan::runs {

class BitModel final : public ChatModel {
 public:
  // kRandom, kYes or kNo.
  explicit BitModel(Far far);

  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return identity_; }
  // Empty: its own solution, which nobody reads.
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override;
  // A coin is a function of the request and its seed, whatever was asked before.
  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override;

 private:
  Far far_;
  std::string name_, identity_;
};

}  // namespace koan::runs
