#include "codec/model_coders.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

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

// A text's beginning, coded in one of the ways that are tried.
struct ModelCoders::Trial {
  std::size_t place;  // of the job among all
  RoutedJob* job;
  std::optional<std::size_t> offer;
  EncodeJob result;
  // Of the whole text, if it goes on as it begins.
  double bits() const noexcept {
    return result.ideal_bits * static_cast<double>(job->job.text.size()) / static_cast<double>(result.text.size());
  }
};

Status ModelCoders::try_out(std::span<RoutedJob* const> jobs, Progress& progress) {
  // Sorted by offer, so that each adapter's coder is asked for once; nothing, the model alone, comes first.
  std::vector<Trial> trials;
  for (std::size_t place = 0; place < jobs.size(); ++place) {
    RoutedJob* const job = jobs[place];
    EncodeJob beginning;
    beginning.text = job->job.text.first(std::min(job->job.text.size(), kTrialBytes));
    beginning.context = job->job.context;
    trials.push_back({place, job, std::nullopt, beginning});
    for (const std::size_t offer : candidates(*job)) trials.push_back({place, job, offer, beginning});
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
  for (Trial* best : best_of(trials)) {
    RoutedJob* const job = best->job;
    job->offer = best->offer;
    job->done = best->result.text.size() == job->job.text.size();
    if (job->done) progress.done(job->job.text.size());
    if (job->done) job->job = std::move(best->result);
  }
  return {};
}

// The best trial of each job, where an adapter that the file does not name yet has to save what its name costs: as long
// as there are some that do not, the one that saves least is left out.
std::vector<ModelCoders::Trial*> ModelCoders::best_of(std::vector<Trial>& trials) const {
  struct TwoBest {
    Trial *first = nullptr, *second = nullptr;
  };
  std::set<std::size_t> left_out;
  for (;;) {
    std::map<std::size_t, TwoBest> jobs;  // by place: sums below are the same each time
    for (Trial& trial : trials) {
      if (trial.offer && left_out.contains(*trial.offer)) continue;
      TwoBest& two = jobs[trial.place];
      if (!two.first || trial.bits() < two.first->bits()) {
        two.second = std::exchange(two.first, &trial);
      } else if (!two.second || trial.bits() < two.second->bits()) {
        two.second = &trial;
      }
    }
    std::map<std::size_t, double> saved;  // bits, by offer; the model alone is among the trials, so there is a second
    for (const auto& [place, two] : jobs) {
      const std::optional<std::size_t>& offer = two.first->offer;
      if (offer && !is_numbered(*offer)) saved[*offer] += two.second->bits() - two.first->bits();
    }
    const auto least =
        std::min_element(saved.begin(), saved.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (least != saved.end() && least->second < 8.0 * static_cast<double>(name_bytes_)) {
      left_out.insert(least->first);
      continue;
    }
    std::vector<Trial*> out;
    for (const auto& [place, two] : jobs) out.push_back(two.first);
    return out;
  }
}

bool ModelCoders::is_numbered(std::size_t offer) const noexcept {
  return std::find(numbered_.begin(), numbered_.end(), choice_.offers[offer].sha256) != numbered_.end();
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
