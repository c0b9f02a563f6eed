// The far side of the protocol: what it asks its own models, and the decisions that follow.
#include <algorithm>

#include "ask/parse.h"
#include "ask/play.h"

namespace koan::ask {

bool Play::decide(Decision decision, const Far& far) {
  if (settings_.side == Side::kNear) {
    Step step;
    step.kind = StepKind::kDecision;
    step.label = decision.what;
    step.decision = decision;
    step.attempt = attempt();
    const Given* given = take(std::move(step));
    if (given == nullptr) return false;
    decision.symbol = given->symbol;
  } else if (!far(&decision.symbol)) {
    return false;
  }
  out_.decisions.push_back(std::move(decision));
  return true;
}

void Play::know_solution(const std::string& text) { solution_ = text; }

bool Play::solution() {
  if (data_.gold) solution_ = settings_.gold;
  if (solution_) return true;
  std::string text;
  const PromptFields problem = {{"problem", settings_.problem}};
  if (!reply(Role::kAnswerer, "solution", request(data_.prompts.attempt, problem, data_.attempt_tokens), &text))
    return false;
  solution_ = without_thoughts(text);
  return true;
}

bool Play::far_pick(const Pick& pick, std::size_t* out) {
  PromptFields all = pick.fields;
  all.emplace("solution", *solution_);
  all = fields(std::move(all));
  if (scores(pick.role)) {
    Step step;
    step.kind = StepKind::kWeights;
    step.role = pick.role;
    step.label = pick.label;
    step.requests.push_back(request(*pick.prompt, all, 1));
    step.choices = pick.choices;
    const Given* given = take(std::move(step));
    if (given == nullptr) return false;
    const std::vector<std::uint64_t>& weights = given->weights[0];
    *out = static_cast<std::size_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
    return true;
  }
  Prompt prompt = *pick.prompt;
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::string text;
    if (!reply(pick.role, pick.label, request(prompt, all, data_.answer_tokens), &text)) return false;
    if (const auto read = pick.parse(text)) {
      *out = *read;
      return true;
    }
    prompt.user += "\n\n" + data_.prompts.repeat;
  }
  *out = pick.fallback;
  return true;
}

bool Play::far_verdict(std::size_t* symbol) {
  if (!solution()) return false;
  const auto parse = [](std::string_view text) -> std::optional<std::size_t> {
    const auto said = parse_verdict(text);
    return said ? std::optional<std::size_t>(*said ? 0 : 1) : std::nullopt;
  };
  return far_pick({Role::kAnswerer, "verdict", &data_.prompts.verdict, {}, {"CORRECT", "INCORRECT"}, parse, 1}, symbol);
}

bool Play::verdict(bool* right) {
  const auto far = [&](std::size_t* symbol) { return far_verdict(symbol); };
  if (!decide({"verdict", "", with_first(2, data_.verdict_right), equal(2), 0}, far)) return false;
  *right = out_.decisions.back().symbol == 0;
  return true;
}

bool Play::decide_alone(const FarQuestion& asked, std::size_t* symbol) {
  out_.attempts = {asked.attempt};
  if (asked.is_verdict) return far_verdict(symbol);
  std::vector<std::size_t> symbols;
  if (!far_answers({asked.question}, &symbols)) return false;
  *symbol = symbols[0];
  return true;
}

bool Play::score(std::size_t attempt, unsigned* out) {
  if (!scores_.contains(attempt)) {
    if (!solution()) return false;
    std::vector<std::string> choices;
    for (unsigned i = 1; i <= 10; ++i) choices.push_back(std::to_string(i));
    const auto parse = [](std::string_view text) -> std::optional<std::size_t> {
      const auto said = parse_score(text);
      return said ? std::optional<std::size_t>(*said - 1) : std::nullopt;
    };
    std::size_t index = 0;
    const PromptFields one = {{"attempt", out_.attempts[attempt]}};
    if (!far_pick({Role::kJudge, "judge", &data_.prompts.judge, one, std::move(choices), parse, 0}, &index))
      return false;
    scores_[attempt] = static_cast<unsigned>(index + 1);
  }
  *out = scores_[attempt];
  return true;
}

bool Play::stop(bool* stops) {
  const auto far = [&](std::size_t* symbol) {
    unsigned points = 0;
    if (!score(out_.attempts.size() - 1, &points)) return false;
    *symbol = points >= data_.threshold ? 0 : 1;
    return true;
  };
  if (!decide({"stop", "", with_first(2, data_.stop), equal(2), 0}, far)) return false;
  *stops = out_.decisions.back().symbol == 0;
  return true;
}

bool Play::keep() {
  const std::size_t count = out_.attempts.size();
  out_.answer = attempt();
  if (count == 1) return true;
  const auto far = [&](std::size_t* symbol) {
    unsigned best = 0;
    for (std::size_t i = 0; i < count; ++i) {
      unsigned points = 0;
      if (!score(i, &points)) return false;
      if (points > best) *symbol = count - 1 - i;
      best = std::max(best, points);
    }
    return true;
  };
  if (!decide({"keep", "", with_first(count, data_.keep), equal(count), 0}, far)) return false;
  out_.answer = out_.attempts[count - 1 - out_.decisions.back().symbol];
  return true;
}

bool Play::answer(const std::string& question, Frequencies frequencies, const Far& far) {
  if (!decide({"answer", question, std::move(frequencies), answer_frequencies(kCertain / 2, data_.unanswered), 0}, far))
    return false;
  const std::size_t symbol = out_.decisions.back().symbol;
  out_.asked.push_back({question, symbol == kUnanswered ? std::nullopt : std::optional<bool>(symbol == kYes)});
  return true;
}

bool Play::far_answers(const std::vector<std::string>& questions, std::vector<std::size_t>* out) {
  if (!solution()) return false;
  if (!scores(Role::kAnswerer)) return far_answers_by_text(questions, out);
  Step step;
  step.kind = StepKind::kWeights;
  step.role = Role::kAnswerer;
  step.label = "answer";
  for (const std::string& question : questions)
    step.requests.push_back(
        request(data_.prompts.answer, fields({{"question", question}, {"solution", *solution_}}), 1));
  step.choices = {"Yes", "No"};
  const Given* given = take(std::move(step));
  if (given == nullptr) return false;
  for (const auto& weights : given->weights) out->push_back(weights[0] >= weights[1] ? kYes : kNo);
  return true;
}

bool Play::far_answers_by_text(const std::vector<std::string>& questions, std::vector<std::size_t>* out) {
  out->assign(questions.size(), kUnanswered);
  Prompt prompt = data_.prompts.answers;
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::vector<std::size_t> missing;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if ((*out)[i] != kUnanswered) continue;
      missing.push_back(i);
      texts.push_back(questions[i]);
    }
    if (missing.empty()) return true;
    std::string text;
    const PromptFields list = {{"questions", numbered_list(texts, "")}, {"solution", *solution_}};
    if (!reply(Role::kAnswerer, "answers", request(prompt, fields(list), data_.answer_tokens), &text)) return false;
    const auto answers = parse_answers(text, texts.size());
    for (std::size_t i = 0; i < missing.size(); ++i)
      if (answers[i]) (*out)[missing[i]] = *answers[i] ? kYes : kNo;
    prompt.user += "\n\n" + data_.prompts.repeat;
  }
  return true;
}

}  // namespace koan::ask
