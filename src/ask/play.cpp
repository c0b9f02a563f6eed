// The near side of the protocol: attempts, questions, revision.
#include "ask/play.h"

#include <algorithm>
#include <set>

#include "ask/parse.h"

namespace koan::ask {

std::string numbered_list(std::span<const std::string> items, const std::string& nothing) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : "\n") + std::to_string(i + 1) + ". " + items[i];
  return items.empty() ? nothing : out;
}

bool Play::run() {
  if (!attempts()) return false;
  if (data_.verdict) {
    bool right = false;
    if (!verdict(&right)) return false;
    if (right) {
      out_.answer = attempt();
      return true;
    }
  }
  if (data_.select) return select();
  return data_.pool != 0 ? chosen() : rounds();
}

const Given* Play::take(Step step) {
  if (taken_ < history_.size()) return &history_[taken_++];
  step_ = std::move(step);
  return nullptr;
}

ChatRequest Play::request(const Prompt& prompt, const PromptFields& fields, std::uint32_t tokens) const {
  ChatRequest out;
  out.messages = fill(prompt, fields);
  out.seed = settings_.seed;
  out.max_tokens = settings_.cap == 0 ? tokens : std::min(tokens, settings_.cap);
  return out;
}

bool Play::reply(Role role, const char* label, ChatRequest request, std::string* text) {
  Step step;
  step.kind = StepKind::kReplies;
  step.role = role;
  step.label = label;
  step.requests.push_back(std::move(request));
  const Given* given = take(std::move(step));
  if (given != nullptr) *text = given->texts[0];
  return given != nullptr;
}

PromptFields Play::fields(PromptFields more) const {
  std::vector<std::string> history;
  for (const Asked& asked : out_.asked)
    if (asked.answer) history.push_back(asked.question + (*asked.answer ? " Yes" : " No"));
  more.emplace("problem", settings_.problem);
  more.emplace("history", numbered_list(history, data_.prompts.nothing));
  if (!out_.attempts.empty()) more.emplace("attempt", attempt());
  return more;
}

bool Play::attempts() {
  Step step;
  step.kind = StepKind::kReplies;
  step.label = "attempt";
  for (std::size_t k = 0; k < data_.attempts; ++k) {
    step.requests.push_back(request(data_.prompts.attempt, fields(), data_.attempt_tokens));
    step.requests.back().temperature = data_.temperature_thousandths / 1000.0;
    step.requests.back().seed += k;
  }
  const Given* given = take(std::move(step));
  if (given != nullptr)
    for (const std::string& text : given->texts) out_.attempts.emplace_back(without_thoughts(text));
  return given != nullptr;
}

bool Play::rounds() {
  for (std::size_t round = 0; round < data_.rounds; ++round) {
    bool stops = false;
    if (data_.threshold != 0 && !stop(&stops)) return false;
    if (stops) break;
    std::vector<std::string> asked;
    if (!questions(data_.prompts.questions, data_.per_round, &asked)) return false;
    if (asked.empty()) break;
    if (!ask(asked) || !revise()) return false;
  }
  if (data_.threshold != 0) return keep();
  out_.answer = attempt();
  return true;
}

bool Play::questions(const Prompt& prompt, std::size_t count, std::vector<std::string>* out) {
  PromptFields more = {{"count", std::to_string(count)},
                       {"candidates", numbered_list(out_.attempts, data_.prompts.nothing)}};
  std::string text;
  if (!reply(Role::kQuestioner, "questions", request(prompt, fields(std::move(more)), data_.question_tokens), &text))
    return false;
  std::set<std::string> seen;
  for (const Asked& asked : out_.asked) seen.insert(question_key(asked.question));
  const auto add = [&](const std::string& question) {
    if (out->size() < count && seen.insert(question_key(question)).second) out->push_back(question);
  };
  for (const std::string& question : parse_questions(text))
    if (is_yes_no_question(question)) add(question);
  for (const std::string& question : data_.prompts.standing) add(question);
  return true;
}

bool Play::predicted(const std::string& question, Frequencies* out) {
  *out = answer_frequencies(kCertain / 2, data_.unanswered);
  if (!scores(Role::kSolver) || (settings_.side == Side::kNear && settings_.mode == Mode::kPlain)) return true;
  Step step;
  step.kind = StepKind::kWeights;
  step.label = "predict";
  step.requests.push_back(request(data_.prompts.predict, fields({{"question", question}}), 1));
  step.choices = {"Yes", "No"};
  const Given* given = take(std::move(step));
  if (given == nullptr) return false;
  const std::vector<std::uint64_t>& weights = given->weights[0];
  *out = answer_frequencies(share_of_yes(weights[0], weights[1], data_.floor), data_.unanswered);
  return true;
}

bool Play::ask(const std::vector<std::string>& questions) {
  std::vector<std::size_t> symbols;
  if (settings_.side == Side::kBoth && !far_answers(questions, &symbols)) return false;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Frequencies frequencies;
    if (!predicted(questions[i], &frequencies)) return false;
    const auto far = [&](std::size_t* symbol) {
      *symbol = symbols[i];
      return true;
    };
    if (!answer(questions[i], std::move(frequencies), far)) return false;
  }
  return true;
}

bool Play::revise() {
  std::string text;
  if (!reply(Role::kSolver, "revise", request(data_.prompts.revise, fields(), data_.attempt_tokens), &text))
    return false;
  out_.attempts.emplace_back(without_thoughts(text));
  return true;
}

bool Play::select() {
  std::vector<std::string> finals;
  std::vector<std::uint32_t> counts;
  std::vector<std::size_t> first;  // attempt
  for (std::size_t k = 0; k < out_.attempts.size(); ++k) {
    const std::string text = final_answer(out_.attempts[k]);
    const auto found = static_cast<std::size_t>(std::find(finals.begin(), finals.end(), text) - finals.begin());
    if (found == finals.size()) {
      finals.push_back(text);
      counts.push_back(0);
      first.push_back(k);
    }
    ++counts[found];
  }
  std::vector<std::size_t> order(finals.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  std::vector<std::string> candidates;
  std::vector<std::uint32_t> ranked;
  for (const std::size_t i : order) {
    candidates.push_back(finals[i]);
    ranked.push_back(counts[i]);
  }
  const PromptFields list = {{"candidates", numbered_list(candidates, data_.prompts.nothing)}};
  const std::size_t none = candidates.size();
  const auto far = [&](std::size_t* symbol) {
    if (!solution()) return false;
    std::vector<std::string> choices;
    for (std::size_t i = 1; i <= none; ++i) choices.push_back(std::to_string(i));
    choices.emplace_back("NONE");
    const auto parse = [&](std::string_view text) { return parse_selection(text, none); };
    return far_pick({Role::kAnswerer, "select", &data_.prompts.select, list, std::move(choices), parse, none}, symbol);
  };
  if (!decide({"select", "", candidate_frequencies(ranked, data_.none), equal(none + 1), 0}, far)) return false;
  const std::size_t symbol = out_.decisions.back().symbol;
  if (symbol < none) {
    out_.answer = out_.attempts[first[order[symbol]]];
    return true;
  }
  std::string text;
  if (!reply(Role::kSolver, "again", request(data_.prompts.again, fields(list), data_.attempt_tokens), &text))
    return false;
  out_.attempts.emplace_back(without_thoughts(text));
  out_.answer = attempt();
  return true;
}

}  // namespace koan::ask
