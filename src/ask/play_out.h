// Runs a protocol: models give the replies, a transcript remembers them, an ask file gives the decisions.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "ask/ask_file.h"
#include "ask/protocol.h"
#include "ask/transcript.h"

namespace koan::ask {

struct Cast {
  std::array<ChatModel*, kRoles> models{};  // by Role; the near side alone needs no answerer and no judge
  ChatModel* at(Role role) const noexcept { return models[static_cast<std::size_t>(role)]; }
};

struct PlayOptions {
  Transcript* transcript = nullptr;     // may be null
  DecisionReader* decisions = nullptr;  // of the near side
  // Of the near side in live mode, instead: asks for the symbol of the decision that the protocol wants.
  std::function<Result<std::size_t>(const Protocol&)> ask_far = {};
  std::function<void(const Step&)> on_step = {};
  std::function<bool()> cancelled = {};
};

// Whether each model gives weights: the exact ones do.
void set_scores(const Cast& cast, Settings* settings);

// What identifies a run in its transcript.
JsonDocument header_of(const Protocol& protocol, const Cast& cast);

// To the end. Errors: those of the models, kUsage for a transcript of another run, kCancelled.
Status play_out(Protocol& protocol, const Cast& cast, const PlayOptions& options);

// What came out, and what it cost: the last line of a transcript.
JsonDocument result_of(const Protocol& protocol);

}  // namespace koan::ask
