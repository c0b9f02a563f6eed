#include "runs/summary.h"

namespace koan::runs {
namespace {

// How problems fare with each arm: shares of trials that are right, and whether most are.
struct Column {
  std::vector<double> scores;
  bool right(std::size_t problem) const { return scores[problem] > 0.5; }
};

using Columns = std::map<std::string, Column>;

Columns columns_of(const RunConfig& config, std::span<const Sample> samples) {
  Columns out;
  for (const Arm& arm : config.arms) out[std::string(arm.name)].scores.assign(config.problems.size(), 0.0);
  for (const Sample& sample : samples)
    if (sample.right) out.at(sample.key.arm).scores[sample.key.problem] += 1.0 / config.trials;
  return out;
}

// Classes of the paper as far as two models tell: its medium and hard are `medium` here, its very hard is `hard`.
std::vector<std::string> classes_of(const Column& small, const Column& large) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < small.scores.size(); ++i)
    out.emplace_back(small.right(i) ? "easy" : large.right(i) ? "medium" : "hard");
  return out;
}

// The mean score of a class's problems.
Rate rate_in(const std::vector<std::string>& classes, std::string_view which, const Column& column, bool wrong) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] != which) continue;
    sum += wrong ? 1 - column.scores[i] : column.scores[i];
    n += 1;
  }
  return wilson(sum, n);
}

Discordant discordant(const Column& a, const Column& b) {
  Discordant out;
  for (std::size_t i = 0; i < a.scores.size(); ++i) {
    out.only_this += a.right(i) && !b.right(i) ? 1 : 0;
    out.only_other += b.right(i) && !a.right(i) ? 1 : 0;
  }
  out.p = mcnemar(out.only_this, out.only_other);
  return out;
}

double all_tokens(const Use& use) { return static_cast<double>(use.tokens.input_tokens + use.tokens.output_tokens); }

struct AnswerSize {
  double bits = 0, tokens = 0;
};

// Counts and sums over an arm's samples; sums become means in finish().
void add_sample(const Sample& sample, const std::string& difficulty, ArmSummary& out, AnswerSize& answer) {
  ++out.n;
  out.correct += sample.right ? 1 : 0;
  out.errors += sample.error.empty() ? 0 : 1;
  out.by_trial[sample.key.trial] += sample.right ? 1 : 0;
  ArmSummary::Count& count = out.difficulty[difficulty];
  ++count.n;
  count.correct += sample.right ? 1 : 0;
  Means& means = out.means;
  means.bits += sample.bits;
  means.questions += static_cast<double>(sample.questions);
  means.payload_bytes += static_cast<double>(sample.payload_bytes);
  means.file_bytes += static_cast<double>(sample.file_bytes);
  means.tokens_small += all_tokens(sample.small);
  means.tokens_large += all_tokens(sample.large);
  means.flop += sample.flop;
  means.seconds += sample.seconds();
  means.money += sample.money;
  answer.bits += sample.answer_bits;
  answer.tokens += static_cast<double>(sample.answer_tokens);
}

void finish(ArmSummary& out, const AnswerSize& answer, const RunConfig& config) {
  if (answer.tokens > 0) out.ratio_uniform = out.means.bits / (answer.tokens * kBitsOfToken);
  if (answer.bits > 0) out.ratio_coded = out.means.bits / answer.bits;
  const auto n = static_cast<double>(out.n);
  Means& means = out.means;
  for (double* one : {&means.bits, &means.questions, &means.payload_bytes, &means.file_bytes, &means.tokens_small,
                      &means.tokens_large, &means.flop, &means.seconds, &means.money})
    *one = out.n == 0 ? 0 : *one / n;
  const auto problems = static_cast<double>(config.problems.size());
  // Trials of one problem are no independent problems: the interval is that of so many problems.
  out.accuracy = wilson(static_cast<double>(out.correct) / config.trials, problems);
  for (double& one : out.by_trial) one /= problems;
}

}  // namespace

const ArmSummary* RunSummary::find(std::string_view arm) const noexcept {
  for (const ArmSummary& one : arms)
    if (one.name == arm) return &one;
  return nullptr;
}

RunSummary summarise(const RunConfig& config, std::span<const Sample> samples) {
  RunSummary out;
  const Columns columns = columns_of(config, samples);
  const Column &small = columns.at(std::string(kSmallArm)), &large = columns.at(std::string(kLargeArm));
  const std::vector<std::string> classes = classes_of(small, large);
  out.problems = classes.size();
  for (const std::string& one : classes) {
    out.n_easy += one == "easy" ? 1 : 0;
    out.n_medium_hard += one == "medium" ? 1 : 0;
  }
  for (const Arm& arm : config.arms) {
    ArmSummary& one = out.arms.emplace_back();
    one.name = arm.name;
    one.by_trial.assign(config.trials, 0.0);
    for (const char* difficulty : {"easy", "medium", "hard"}) one.difficulty[difficulty];
    AnswerSize answer;
    for (const Sample& sample : samples)
      if (sample.key.arm == arm.name) add_sample(sample, classes[sample.key.problem], one, answer);
    finish(one, answer, config);
    const Column& column = columns.at(one.name);
    one.recovery = gap_recovery({column.scores, small.scores, large.scores});
    one.recovery_medium_hard = rate_in(classes, "medium", column, false);
    one.harm = rate_in(classes, "easy", column, true);
    for (const auto& [name, other] : columns)
      if (name != one.name) one.against[name] = discordant(column, other);
  }
  out.gap = out.find(kLargeArm)->accuracy.value - out.find(kSmallArm)->accuracy.value;
  return out;
}

}  // namespace koan::runs
