#include "ask/protocol.h"

#include "ask/play.h"
#include "base/utf8.h"

namespace koan::ask {
namespace {

Error misfit(const Step& step, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "step '" + step.label + "' was given " + what};
}

Status check(const Step& step, const Given& given) {
  switch (step.kind) {
    case StepKind::kReplies:
      if (given.texts.size() != step.requests.size()) return misfit(step, "another number of texts");
      for (const std::string& text : given.texts)
        if (find_binary(as_bytes(text)) != text.size()) return misfit(step, "what is no text in UTF-8");
      return {};
    case StepKind::kWeights:
      if (given.weights.size() != step.requests.size()) return misfit(step, "another number of weights");
      for (const auto& weights : given.weights) {
        if (weights.size() != step.choices.size()) return misfit(step, "another number of choices");
        for (const std::uint64_t weight : weights)
          if (weight >> 41 != 0) return misfit(step, "a weight that is too large");
      }
      return {};
    case StepKind::kDecision:
      if (given.symbol >= step.decision.plain.size()) return misfit(step, "a symbol that does not exist");
      return {};
    case StepKind::kDone:
      break;
  }
  return misfit(step, "something after the end");
}

void add(Bytes& out, std::string_view text) {
  append_varint(out, text.size());
  append_bytes(out, as_bytes(text));
}

}  // namespace

const char* name_of(Role role) noexcept {
  constexpr const char* kNames[kRoles] = {"solver", "questioner", "answerer", "judge"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string step_hash(const Step& step) {
  Bytes out;
  append_varint(out, static_cast<std::uint64_t>(step.kind));
  append_varint(out, static_cast<std::uint64_t>(step.role));
  add(out, step.label);
  append_varint(out, step.requests.size());
  for (const ChatRequest& request : step.requests) {
    for (const ChatMessage& message : request.messages) {
      add(out, message.role);
      add(out, message.content);
    }
    append_fixed(out, to_fraction(request.temperature));
    append_fixed(out, request.seed);
    append_fixed(out, request.max_tokens);
  }
  for (const std::string& choice : step.choices) add(out, choice);
  for (const Frequencies* frequencies : {&step.decision.predicted, &step.decision.plain})
    for (const std::uint32_t frequency : *frequencies) append_fixed(out, frequency);
  add(out, step.decision.about);
  return to_hex(xxh3_128(out)).substr(0, 16);
}

Result<Protocol> Protocol::create(ProtocolData data, Settings settings) {
  if (settings.problem.empty()) return Error{ErrorCode::kUsage, "the problem is empty"};
  if (find_binary(as_bytes(settings.problem)) != settings.problem.size())
    return Error{ErrorCode::kUsage, "the problem is not text in UTF-8"};
  if (settings.side == Side::kBoth && data.gold == settings.gold.empty())
    return Error{ErrorCode::kUsage, data.gold ? "protocol " + data.name + " needs the reference answer"
                                              : "protocol " + data.name + " takes no reference answer"};
  if (data.pool != 0 && !settings.scores[static_cast<std::size_t>(Role::kSolver)])
    return Error{ErrorCode::kNotSupported,
                 "protocol " + data.name + " needs a solver that gives probabilities, such as a local model"};
  Protocol out(std::move(data), std::move(settings));
  out.advance();
  return out;
}

Status Protocol::give(Given given) {
  KOAN_TRY(check(step_, given));
  history_.push_back(std::move(given));
  advance();
  return {};
}

void Protocol::advance() {
  Play play(data_, settings_, history_);
  step_ = play.run() ? Step{} : std::move(play.step());
  exchange_ = std::move(play.exchange());
}

}  // namespace koan::ask
