#include "ask/far_side.h"

#include "ask/play.h"
#include "chat/local_chat.h"

namespace koan::ask {
namespace {

constexpr std::size_t kSolutions = 64;

}  // namespace

Result<std::size_t> FarSide::decide(const FarQuestion& asked) {
  Settings settings;
  settings.problem = asked.problem;
  settings.cap = cap_;
  settings.scores[static_cast<std::size_t>(Role::kAnswerer)] = !model_->identity().empty();
  std::vector<Given> history;
  const std::string* known = known_solution(asked.problem);
  while (true) {
    Play play(data_, settings, history);
    if (known != nullptr) play.know_solution(*known);
    std::size_t symbol = 0;
    const bool done = play.decide_alone(asked, &symbol);
    // Kept as soon as it is there: what follows may fail.
    if (known == nullptr && play.known_solution() && known_solution(asked.problem) == nullptr) {
      solutions_.push_back({asked.problem, *play.known_solution()});
      if (solutions_.size() > kSolutions) solutions_.pop_front();
    }
    if (done) return symbol;
    KOAN_ASSIGN(Given given, give(play.step()));
    history.push_back(std::move(given));
  }
}

Result<Given> FarSide::give(const Step& step) {
  Given out;
  if (step.kind == StepKind::kReplies) {
    KOAN_ASSIGN(const std::vector<ChatReply> replies, model_->replies(step.requests));
    for (const ChatReply& reply : replies) out.texts.push_back(replace_broken_utf8(reply.text));
    return out;
  }
  for (const ChatRequest& request : step.requests) {
    KOAN_ASSIGN(const std::vector<ChoiceScore> scores, model_->choose(request, step.choices));
    out.weights.emplace_back();
    for (const ChoiceScore& score : scores) out.weights.back().push_back(score.weight);
  }
  return out;
}

const std::string* FarSide::known_solution(const std::string& problem) const {
  for (const Solution& solution : solutions_)
    if (solution.problem == problem) return &solution.text;
  return nullptr;
}

}  // namespace koan::ask
