#include "runs/estimate.h"

#include <algorithm>

#include "base/split_mix.h"
#include "runs/problem_player.h"

namespace koan::runs {
namespace {

constexpr std::size_t kPlayed = 4;           // problems
constexpr std::uint64_t kVerdictTokens = 8;  // of a judge's reply

// Replies with text of the usual length that answers whatever is asked for, and never twice the same: what follows from
// equal replies would be asked only once.
class CountingModel final : public ChatModel {
 public:
  explicit CountingModel(const ModelName& model) : name_(model.name), identity_(model.identity) {}

  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return identity_; }

  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override {
    std::vector<ChatReply> out;
    for (const ChatRequest& request : requests) {
      const std::uint32_t tokens = std::min(request.max_tokens, kTypicalTokens);
      count(request, tokens, request.max_tokens);
      out.push_back({text_of(tokens, ++made_), FinishReason::kEnd, {guessed_tokens(request), tokens}});
    }
    return out;
  }

  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override {
    count(request, 0, 0);
    std::vector<ChoiceScore> out(choices.size(), ChoiceScore{1, 1});
    out[mix64(++made_) % out.size()].weight = 2;
    return out;
  }

  Estimate counted;

 private:
  void count(const ChatRequest& request, std::uint32_t tokens, std::uint32_t most) {
    counted.calls += 1;
    counted.input_tokens += static_cast<double>(guessed_tokens(request));
    counted.output_tokens += tokens;
    counted.most_output_tokens += most;
  }

  static std::string text_of(std::uint32_t tokens, std::uint64_t number) {
    std::string out;
    for (unsigned i = 1; i <= 10; ++i)
      out += std::to_string(i) + ((mix64(number) >> i & 1) != 0 ? ". Yes\n" : ". No\n");
    for (unsigned i = 11; i <= 20; ++i) out += std::to_string(i) + ". Is it " + std::to_string(20 * number + i) + "?\n";
    while (out.size() < std::size_t{4} * tokens) out += "one two three\n";
    return out + "Answer: 1";
  }

  std::string name_, identity_;
  std::uint64_t made_ = 0;
};

void scale(Estimate& estimate, double by) noexcept {
  for (double* one : {&estimate.calls, &estimate.input_tokens, &estimate.output_tokens, &estimate.most_output_tokens})
    *one *= by;
}

}  // namespace

Result<Estimates> estimate(const RunConfig& config, std::size_t problems) {
  Estimates out;
  const std::size_t played = std::min(kPlayed, config.problems.size());
  if (played == 0) return out;
  auto small = std::make_unique<CountingModel>(config.small), large = std::make_unique<CountingModel>(config.large);
  CountingModel *small_count = small.get(), *large_count = large.get();
  Crew crew{std::move(small), std::move(large), nullptr, nullptr};
  KOAN_ASSIGN(crew.coder, AnswerCoder::create());
  PlayRules rules = config.rules;
  rules.replays = false;
  rules.clock = [] { return 0.0; };
  const CrewFacts facts;
  for (std::size_t i = 0; i < played; ++i) {
    const std::size_t index = i * config.problems.size() / played;
    const tasks::Problem& problem = config.problems[index];
    ProblemPlayer player(rules, facts, crew, problem, index);
    for (std::uint32_t trial = 0; trial < config.trials; ++trial) {
      for (const Arm& arm : config.arms) {
        const std::uint64_t seed = seed_of_trial(config.seed, trial);
        KOAN_TRY(player.large_answer(trial, seed));
        KOAN_ASSIGN(const Played one, player.play(arm, trial, seed));
        if (problem.target.kind != grade::Kind::kJudge) continue;
        out.judge.calls += 1;
        out.judge.input_tokens += static_cast<double>((problem.text.size() + one.text.size()) / 4);
        out.judge.output_tokens += kVerdictTokens;
        out.judge.most_output_tokens += kTypicalTokens;
      }
    }
  }
  out.small = small_count->counted;
  out.large = large_count->counted;
  for (Estimate* one : {&out.small, &out.large, &out.judge})
    scale(*one, static_cast<double>(problems) / static_cast<double>(played));
  return out;
}

double money_of(const Estimate& estimate, const Prices& prices, bool most) noexcept {
  const double output = most ? estimate.most_output_tokens : estimate.output_tokens;
  return (estimate.input_tokens * prices.input + output * prices.output) / 1e6;
}

}  // namespace koan::runs
