#include "codec/model_coders.h"

#include <algorithm>

namespace koan {

Progress quiet(Progress& progress) {
  return Progress([&progress](const ProgressReport&) { return progress.tick(), !progress.cancelled(); }, 0);
}

std::vector<std::size_t> ModelCoders::candidates(const RoutedJob& job) const {
  const ByteView prompt = job.job.context.value_or(context_);
  if (choice_.routing == Routing::kPrompt && prompt.empty()) return {};
  const std::vector<Ranked> ranked = choice_.routing == Routing::kPrompt ? rank_by_prompt(prompt, profiles_)
                                                                         : rank_by_text(job.job.text, profiles_);
  const bool tried = choice_.routing == Routing::kTrial;
  std::vector<std::size_t> out;
  for (const Ranked& candidate : ranked) {
    if (out.size() == (tried ? kTrialAdapters : 1)) break;
    // Without a profile there is no reason to believe that an adapter fits; a trial will show.
    if (candidate.known || tried) out.push_back(candidate.index);
  }
  return out;
}

Status ModelCoders::choose(std::span<RoutedJob* const> jobs, Progress& progress) {
  if (choice_.offers.empty()) return {};
  if (choice_.routing == Routing::kTrial) return try_out(jobs, progress);
  for (RoutedJob* job : jobs) {
    const bool fixed = choice_.routing == Routing::kFixed;
    const std::vector<std::size_t> best = fixed ? std::vector<std::size_t>{0} : candidates(*job);
    if (!best.empty()) job->offer = best[0];
  }
  return {};
}

Status ModelCoders::try_out(std::span<RoutedJob* const> jobs, Progress& progress) {
  struct Trial {
    RoutedJob* job;
    std::optional<std::size_t> offer;
    EncodeJob result;
  };
  // Sorted by offer, so that each adapter's coder is asked for once; nothing, the model alone, comes first.
  std::vector<Trial> trials;
  for (RoutedJob* job : jobs) {
    EncodeJob beginning;
    beginning.text = job->job.text.first(std::min(job->job.text.size(), kTrialBytes));
    beginning.context = job->job.context;
    trials.push_back({job, std::nullopt, beginning});
    for (const std::size_t offer : candidates(*job)) trials.push_back({job, offer, beginning});
  }
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.offer < b.offer; });
  Progress silent = quiet(progress);
  for (std::size_t begin = 0; begin < trials.size();) {
    std::size_t end = begin;
    std::vector<EncodeJob> group;
    for (; end < trials.size() && trials[end].offer == trials[begin].offer; ++end)
      group.push_back(std::move(trials[end].result));
    KOAN_ASSIGN(TokenCoder * coder, coder_(sha256_of(trials[begin].offer)));
    KOAN_TRY(coder->encode(group, silent));
    for (std::size_t i = 0; i < group.size(); ++i) trials[begin + i].result = std::move(group[i]);
    begin = end;
  }
  for (Trial& trial : trials) {
    RoutedJob& job = *trial.job;
    const bool first = job.job.tokens == 0;
    if (!first && trial.result.ideal_bits >= job.job.ideal_bits) continue;
    job.offer = trial.offer;
    job.done = trial.result.text.size() == job.job.text.size();
    job.job = {job.job.text, job.job.context, std::move(trial.result.coded), trial.result.tokens,
               trial.result.ideal_bits};
  }
  for (RoutedJob* job : jobs) {
    if (job->done) progress.done(job->job.text.size());
  }
  return {};
}

Status ModelCoders::encode(std::span<RoutedJob* const> jobs, Progress& progress) {
  std::vector<RoutedJob*> sorted;
  for (RoutedJob* job : jobs) {
    if (!job->done) sorted.push_back(job);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const RoutedJob* a, const RoutedJob* b) { return a->offer < b->offer; });
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    std::vector<EncodeJob> group;
    for (; end < sorted.size() && sorted[end]->offer == sorted[begin]->offer; ++end) {
      EncodeJob& job = group.emplace_back();
      job.text = sorted[end]->job.text;
      job.context = sorted[end]->job.context;
    }
    KOAN_ASSIGN(TokenCoder * coder, coder_(sha256_of(sorted[begin]->offer)));
    KOAN_TRY(coder->encode(group, progress));
    for (std::size_t i = 0; i < group.size(); ++i) {
      sorted[begin + i]->job = std::move(group[i]);
      sorted[begin + i]->done = true;
    }
    begin = end;
  }
  return {};
}

std::size_t ModelCoders::number_of(std::size_t offer) {
  const Sha256& sha256 = choice_.offers[offer].sha256;
  const auto found = std::find(numbered_.begin(), numbered_.end(), sha256);
  if (found == numbered_.end()) numbered_.push_back(sha256);
  return static_cast<std::size_t>(std::find(numbered_.begin(), numbered_.end(), sha256) - numbered_.begin());
}

}  // namespace koan
