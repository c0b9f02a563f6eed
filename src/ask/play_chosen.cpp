// Questions chosen by expected information (docs/ask_protocol.md, "Steps").
#include "ask/play.h"

namespace koan::ask {

bool Play::shares(const std::vector<std::string>& pool, std::vector<std::vector<std::uint32_t>>* out) {
  Step step;
  step.kind = StepKind::kWeights;
  step.label = "suppose";
  for (const std::string& question : pool)
    for (const std::string& attempt : out_.attempts)
      step.requests.push_back(
          request(data_.prompts.suppose, fields({{"question", question}, {"attempt", attempt}}), 1));
  step.choices = {"Yes", "No"};
  const Given* given = take(std::move(step));
  if (given == nullptr) return false;
  for (std::size_t i = 0; i < given->weights.size(); ++i) {
    if (i % out_.attempts.size() == 0) out->emplace_back();
    out->back().push_back(share_of_yes(given->weights[i][0], given->weights[i][1], data_.floor));
  }
  return true;
}

bool Play::chosen() {
  std::vector<std::string> pool;
  std::vector<std::vector<std::uint32_t>> table;
  if (!questions(data_.prompts.pool, data_.pool, &pool)) return false;
  if (!pool.empty() && !shares(pool, &table)) return false;
  Belief belief(out_.attempts.size());
  lead_ = belief.best();
  while (out_.asked.size() < data_.per_round && !pool.empty()) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < pool.size(); ++i)
      if (belief.information(table[i]) > belief.information(table[best])) best = i;
    if (belief.information(table[best]) * 1000 < std::uint64_t{data_.worth_thousandths} << 24) break;
    const auto far = [&](std::size_t* symbol) {
      std::vector<std::size_t> symbols;
      if (!far_answers({pool[best]}, &symbols)) return false;
      *symbol = symbols[0];
      return true;
    };
    if (!answer(pool[best], answer_frequencies(belief.mean(table[best]), data_.unanswered), far)) return false;
    if (out_.asked.back().answer) belief.learn(table[best], *out_.asked.back().answer);
    lead_ = belief.best();
    pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(best));
    table.erase(table.begin() + static_cast<std::ptrdiff_t>(best));
  }
  if (!out_.asked.empty()) {
    if (!revise()) return false;
    lead_.reset();
  }
  out_.answer = attempt();
  return true;
}

}  // namespace koan::ask
