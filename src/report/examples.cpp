// Transcripts: problems that a method wins and loses.
#include <algorithm>
#include <map>

#include "report/sections.h"

namespace koan::report {
namespace {

using Key = std::pair<std::uint64_t, std::string>;  // problem, arm

std::string heading_of(const Sample& sample) {
  std::string out = sample.id.empty() ? std::string("problem ").append(std::to_string(sample.problem)) : sample.id;
  for (const std::string& part : {sample.subject, sample.level})
    if (!part.empty()) out += ", " + part;
  return out;
}

void add_reply(Page& page, const Sample& sample, const std::string& who) {
  const std::string verdict = sample.right ? "right" : "wrong" + (sample.why.empty() ? "" : " (" + sample.why + ")");
  page.quote(who + ": " + verdict + ", answer " + (sample.answer.empty() ? "not found" : sample.answer), sample.reply);
}

}  // namespace

void add_examples(Page& page, const Run& run, std::size_t most) {
  std::map<Key, const Sample*> first;  // of each problem and arm: its first trial
  for (const Sample& sample : run.samples) {
    if (!sample.error.empty()) continue;
    const Sample*& kept = first[{sample.problem, sample.arm}];
    if (kept == nullptr || sample.trial < kept->trial) kept = &sample;
  }
  const auto find = [&](std::uint64_t problem, const std::string& arm) {
    const auto at = first.find({problem, arm});
    return at == first.end() ? nullptr : at->second;
  };
  for (const Arm& arm : run.arms) {
    if (role_of(run, arm.name) != Role::kMethod) continue;
    std::vector<const Sample*> wins, losses;
    for (const auto& [key, sample] : first) {
      if (key.second != arm.name) continue;
      const Sample* alone = find(key.first, run.small);
      if (alone == nullptr || alone->right == sample->right) continue;
      (sample->right ? wins : losses).push_back(sample);
    }
    page.heading(run.task + ", " + arm.name + ": " + std::to_string(wins.size()) + " won, " +
                 std::to_string(losses.size()) + " lost");
    for (const auto* list : {&wins, &losses}) {
      const std::size_t shown = std::min(most, list->size());
      if (shown == 0) continue;
      page.open(std::string(list == &wins ? "Won" : "Lost") + ": the first " + std::to_string(shown) + " of " +
                std::to_string(list->size()));
      for (std::size_t i = 0; i < shown; ++i) {
        const Sample& sample = *(*list)[i];
        page.open(heading_of(sample));
        page.note("Expected: " + sample.target + ". Bits sent: " + fixed(sample.bits, 0) + ".");
        add_reply(page, *find(sample.problem, run.small), run.small + " alone");
        add_reply(page, sample, arm.name);
        if (const Sample* large = find(sample.problem, run.large)) add_reply(page, *large, run.large + " alone");
        page.close();
      }
      page.close();
    }
  }
}

}  // namespace koan::report
