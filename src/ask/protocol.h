// The question-asking protocol (docs/ask_protocol.md) as a state machine without I/O: step() says what is wanted next,
// give() takes it. What it wants is a pure function of data, settings and what was given, so a transcript of that is
// all that is needed to go on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ask/decision.h"
#include "ask/protocol_data.h"
#include "chat/chat_model.h"

namespace koan::ask {

enum class Role { kSolver, kQuestioner, kAnswerer, kJudge };
inline constexpr std::size_t kRoles = 4;
const char* name_of(Role role) noexcept;

// Both: the far side's replies are wanted as well, and decisions follow from them. Near: decisions are wanted.
enum class Side { kBoth, kNear };

struct Settings {
  std::string problem = {};  // UTF-8, not empty
  std::string gold = {};     // the reference answer; only for protocols that want one
  std::uint64_t seed = 0;
  std::uint32_t cap = 0;  // on the tokens of a reply; 0: none
  Side side = Side::kBoth;
  Mode mode = Mode::kPredicted;  // near: in which decisions are coded; plain ones need no predictions
  bool live = false;             // near: decisions come from a server that meters them
  bool scores[kRoles] = {};      // whether this role's model gives weights of choices
};

enum class StepKind { kReplies, kWeights, kDecision, kDone };

struct Step {
  StepKind kind = StepKind::kDone;
  Role role = Role::kSolver;
  std::string label;  // attempt, questions, predict, solution, answers ...
  std::vector<ChatRequest> requests;
  std::vector<std::string> choices;  // of kWeights: of each request
  Decision decision;                 // of kDecision, without its symbol
  std::string attempt = {};          // of kDecision: the attempt that it is about
};
// Equal for equal steps: what a transcript holds beside a reply.
std::string step_hash(const Step& step);

struct Given {
  std::vector<std::string> texts = {};                   // of kReplies: one for each request
  std::vector<std::vector<std::uint64_t>> weights = {};  // of kWeights: for each request, one for each choice
  std::size_t symbol = 0;                                // of kDecision
};

struct Asked {
  std::string question;
  std::optional<bool> answer;  // nothing: unanswered
};

struct Exchange {
  std::string answer;  // when done
  std::vector<std::string> attempts;
  std::vector<Asked> asked;
  std::vector<Decision> decisions;
};

class Protocol {
 public:
  // Errors: kUsage (no problem, gold that is missing or not wanted), kNotSupported (a solver without weights where the
  // protocol needs them).
  static Result<Protocol> create(ProtocolData data, Settings settings);

  const Step& step() const noexcept { return step_; }
  // kCorrupt if it does not fit the step: a wrong number of texts, weights or symbols. Not after kDone.
  Status give(Given given);
  const Exchange& exchange() const noexcept { return exchange_; }
  const ProtocolData& data() const noexcept { return data_; }
  const Settings& settings() const noexcept { return settings_; }

 private:
  Protocol(ProtocolData data, Settings settings) : data_(std::move(data)), settings_(std::move(settings)) {}
  void advance();

  ProtocolData data_;
  Settings settings_;
  std::vector<Given> history_;
  Step step_;
  Exchange exchange_;
};

}  // namespace koan::ask
