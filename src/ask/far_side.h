// The far side by itself, as live mode has it (docs/ask_protocol.md, "Live mode"): one decision at a time about a
// problem and an attempt that the near side tells.
#pragma once

#include <deque>

#include "ask/protocol.h"

namespace koan::ask {

struct FarQuestion {
  bool is_verdict = false;
  std::string problem, attempt;
  std::string question;  // empty for a verdict
};

class FarSide {
 public:
  // `model` lives as long. `cap` on the tokens of a reply; 0: none. Not for several threads at once.
  FarSide(ProtocolData data, ChatModel* model, std::uint32_t cap) : data_(std::move(data)), model_(model), cap_(cap) {}

  // kYes, kNo, kUnanswered; of a verdict 0 for right, 1 for wrong. Errors: those of the model.
  Result<std::size_t> decide(const FarQuestion& asked);
  const std::string& model_name() const noexcept { return model_->name(); }

 private:
  Result<Given> give(const Step& step);
  const std::string* known_solution(const std::string& problem) const;

  struct Solution {
    std::string problem, text;
  };
  ProtocolData data_;
  ChatModel* model_;
  std::uint32_t cap_;
  std::deque<Solution> solutions_;  // the newest last
};

}  // namespace koan::ask
