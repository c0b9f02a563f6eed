// What models are asked for in a run, counted for each arm as if it ran alone, and paid for once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chat/chat_model.h"

namespace koan::runs {

struct Prices {
  double input = 0, output = 0;  // of a million tokens
};

// What is known of a model beside its replies.
struct ModelFacts {
  std::uint64_t parameters = 0;  // 0: not known, as of remote models
  std::optional<Prices> prices = {};
  // Tokens of a request as the model sees it; empty: guessed from its bytes. Of replies the model itself says it.
  std::function<std::uint64_t(const ChatRequest&)> count_tokens = {};
};

struct Use {
  ChatUsage tokens;
  double seconds = 0;  // in which the model worked
};
void add(Use& to, const Use& more) noexcept;

// 2 x parameters x tokens.
double flop_of(const Use& use, const ModelFacts& facts) noexcept;
double money_of(const Use& use, const ModelFacts& facts) noexcept;
std::uint64_t guessed_tokens(const ChatRequest& request) noexcept;  // four bytes each

// A model of which no request is made twice: arms share first attempts, solutions and more, and must see the same ones.
// At temperature 0 the seed tells no requests apart.
class Remembering final : public ChatModel {
 public:
  using Clock = std::function<double()>;  // seconds
  // All outlive it.
  Remembering(ChatModel& model, const ModelFacts& facts, const Clock& clock)
      : model_(model), facts_(facts), clock_(clock) {}

  const std::string& name() const noexcept override { return model_.name(); }
  std::string identity() const override { return model_.identity(); }
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override;
  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override;

  // Of all requests since the last call, remembered ones too.
  Use take_use() noexcept;

 private:
  struct Reply {
    ChatReply reply;
    double seconds = 0;
  };
  struct Choice {
    std::vector<ChoiceScore> scores;
    Use use;
  };

  ChatModel& model_;
  const ModelFacts& facts_;
  const Clock& clock_;
  std::map<std::string, Reply> replies_;
  std::map<std::string, Choice> choices_;
  Use use_;
};

}  // namespace koan::runs
