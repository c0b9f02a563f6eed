// Plays the arms of one problem (docs/evaluation.md, "Arms"). All of them see the same first attempt of the small model
// and the same solution of the large one, and no request is made twice.
#pragma once

#include <map>

#include "ask/play_out.h"
#include "runs/arm.h"
#include "runs/crew.h"
#include "runs/prompts.h"
#include "tasks/task.h"

namespace koan::runs {

struct PlayRules {
  std::string prompts;        // the set that the task names
  std::uint32_t cap = 0;      // on the tokens of a reply; 0: what the protocols say
  std::uint32_t samples = 5;  // of self_consistency
  RunPrompts own;
  std::string asks;     // folder for ask files; empty: none are kept
  bool replays = true;  // ask files are received again
  Remembering::Clock clock;
  std::function<bool()> cancelled = {};
};

// Trials draw from seeds that are apart.
std::uint64_t seed_of_trial(std::uint64_t seed, std::uint32_t trial) noexcept;

struct Played {
  std::string text;
  double bits = 0;
  std::uint64_t questions = 0, payload_bytes = 0, file_bytes = 0;
};

// The large model's own reply: what it is, and what it costs to send.
struct LargeAnswer {
  std::string text;
  CodedText coded;
  Use use;
};

class ProblemPlayer {
 public:
  // All outlive it.
  ProblemPlayer(const PlayRules& rules, const CrewFacts& facts, Crew& crew, const tasks::Problem& problem,
                std::size_t index);

  // Errors: those of the models, of the protocols, and kVerification if the ask file does not lead to the same answer.
  Result<Played> play(const Arm& arm, std::uint32_t trial, std::uint64_t seed);
  // The large model is asked if nobody did so yet, at the expense of no arm.
  Result<const LargeAnswer*> large_answer(std::uint32_t trial, std::uint64_t seed);
  // What a journal says it was, so that it need not be asked again. Errors: those of the coder.
  Status remember_large(std::uint32_t trial, const std::string& text, const Use& use);
  // Of the models since the last call.
  struct Uses {
    Use small, large;
  };
  Uses take_uses() noexcept;

 private:
  Result<ChatRequest> attempt_request(std::uint64_t seed) const;
  Result<Played> attempt(std::uint64_t seed);
  Result<Played> retry(std::uint64_t seed);
  Result<Played> self_consistency(std::uint64_t seed);
  Result<Played> protocol(const Arm& arm, std::uint32_t trial, std::uint64_t seed);
  Result<Played> large(const Arm& arm, std::uint32_t trial, std::uint64_t seed);
  Result<Played> rewrite(std::uint32_t trial, std::uint64_t seed);
  Result<std::string> reply(ChatModel& model, const ChatRequest& request);
  Result<std::uint64_t> keep_and_replay(const ask::Protocol& played, const Arm& arm, std::uint32_t trial);

  const PlayRules& rules_;
  Crew& crew_;
  const tasks::Problem& problem_;
  std::size_t index_;
  Remembering small_, large_;
  Remembering near_small_, near_large_;           // the receiver's, who computes all by himself
  std::map<std::uint32_t, LargeAnswer> answers_;  // by trial
  Use answer_use_;                                // of arms that begin with the large model's answer
};

// The protocol with the prompts of a task. Errors: those of ask::find_protocol.
Result<ask::ProtocolData> protocol_for(std::string_view name, const std::string& prompts);

}  // namespace koan::runs
