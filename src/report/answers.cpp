// What runs say about answers: recovery beside the paper's, every arm, costs.
#include <cmath>

#include "eval/wilson.h"
#include "report/answer_charts.h"
#include "report/sections.h"

namespace koan::report {
namespace {

std::string percent_of(const Published& published) {
  return fixed(published.value, 1) + "% \u00b1 " + fixed(published.deviation, 1);
}

std::string title_of(const Run& run) { return run.task + ", " + std::to_string(run.problems) + " problems"; }

// The first arm of one of these names.
const Arm* arm_named(const Run& run, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const Arm* arm = run.find(name)) return arm;
  return nullptr;
}

std::string recovery(const Arm* arm, bool medium_hard) {
  return arm == nullptr ? fixed(kNothing, 0) : percent(medium_hard ? arm->recovery_medium_hard : arm->recovery);
}

void add_recovery_rows(HtmlTable& table, const Run& run, const PaperSet* paper) {
  const Arm* blc = arm_named(run, {"blc", "BLC"});
  const Arm* qa = arm_named(run, {"qa", "QA"});
  const Arm* qa_plus = arm_named(run, {"qa+", "QA+", "qa_plus", "qa-plus"});
  const Arm *small = run.find(run.small), *large = run.find(run.large);
  const auto accuracy = [](const Arm* arm) {
    return arm == nullptr ? fixed(kNothing, 0) : percent(arm->accuracy.value);
  };
  for (const bool medium_hard : {true, false}) {
    const char* group = medium_hard ? "medium + hard" : "gap, all";
    const Arm* any = qa != nullptr ? qa : blc != nullptr ? blc : qa_plus;
    const double n = medium_hard ? (any == nullptr ? kNothing : any->n_medium_hard) : static_cast<double>(run.problems);
    table.rows.push_back({run.task, "this run", group, fixed(n, 0), accuracy(small), accuracy(large),
                          recovery(blc, medium_hard), recovery(qa, medium_hard), recovery(qa_plus, medium_hard)});
  }
  if (paper == nullptr) return;
  for (const bool medium_hard : {true, false}) {
    const PaperGroup& group = medium_hard ? paper->medium_hard : paper->all;
    table.rows.push_back({paper->name, "paper", medium_hard ? "medium + hard" : "all not easy", fixed(group.n, 0),
                          fixed(paper->small, 1) + "%", fixed(paper->large, 1) + "%", percent_of(group.blc),
                          percent_of(group.qa), percent_of(group.qa_plus)});
  }
}

HtmlTable all_figures(const Run& run) {
  HtmlTable table;
  table.caption = "Every arm on the same problems; 95% intervals in brackets";
  table.head = {"arm",
                "is a",
                "right",
                "accuracy",
                "gap recovered",
                "of medium + hard",
                "lost of the easy",
                "bits",
                "of uniform code",
                "of arithmetic code"};
  table.left = 2;
  for (const Arm& arm : run.arms)
    table.rows.push_back({arm.name, name_of(role_of(run, arm.name)),
                          std::to_string(arm.counts.correct) + " of " + std::to_string(arm.counts.n),
                          percent(arm.accuracy), percent(arm.recovery), percent(arm.recovery_medium_hard),
                          percent(arm.harm), brief(arm.bits), brief(arm.ratio_uniform), brief(arm.ratio_coded)});
  return table;
}

HtmlTable difficulty_table(const Run& run) {
  HtmlTable table;
  table.head = {"arm", "easy", "medium", "hard"};
  for (const Arm& arm : run.arms) {
    std::vector<Cell> row = {arm.name};
    for (const char* level : {"easy", "medium", "hard"}) {
      const auto at = arm.difficulty.find(level);
      const bool there = at != arm.difficulty.end() && at->second.n > 0;
      row.emplace_back(there ? percent(interval_of(at->second)) + " of " + std::to_string(at->second.n)
                             : fixed(kNothing, 0));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Interval interval_of(const Counts& counts) {
  if (counts.n == 0) return {};
  const Rate rate = wilson(static_cast<double>(counts.correct), static_cast<double>(counts.n));
  return {rate.value, rate.low, rate.high};
}

void add_recovery(Page& page, const std::vector<Run>& runs, const Paper& paper) {
  page.section("recovery", "The gap, and how much of it is recovered");
  page.paragraph(
      "Recovery is the part of the way from the small model's accuracy to the large one's that a mechanism goes, on "
      "the "
      "same problems. Medium and hard problems are those that the small model gets wrong and the large one right.");
  HtmlTable table;
  table.caption = "Recovered by BLC (the same bits from the small model itself), QA, and QA+ (a strong questioner)";
  table.head = {"task", "source", "problems", "n", "small", "large", "BLC", "QA", "QA+"};
  table.left = 3;
  bool published = false;
  for (const Run& run : runs) {
    const PaperSet* set = paper.find(run.task);
    published = published || set != nullptr;
    add_recovery_rows(table, run, set);
  }
  page.table(table);
  page.note(published ? "Paper: " + paper.source + ". " + paper.models + ". " + paper.notes +
                            " Other models and other problems than in this run: rows of the paper are for orientation."
                      : "The paper has no figures for these tasks.");
}

void add_answers(Page& page, const Run& run) {
  page.section("answers-" + run.task + "-" + run.name.substr(0, 8), title_of(run));
  const std::vector<SentPoint> points = sent_points(run);
  HtmlTable figures;
  figures.head = {"sent", "is a", "bits a problem", "accuracy"};
  figures.left = 2;
  for (const SentPoint& point : points)
    figures.rows.push_back({point.name, point.kind, fixed(point.bits, 1), percent(point.accuracy)});
  if (!points.empty()) {
    page.chart(bits_chart(run, points), figures);
    page.note("Points of the same number of bits stand side by side; the leftmost has the true place.");
  }
  bool divided = false;
  for (const Arm& arm : run.arms) divided = divided || !arm.difficulty.empty();
  if (divided) page.chart(difficulty_chart(run), difficulty_table(run));
  page.table(all_figures(run));
  std::uint64_t errors = 0;
  for (const Arm& arm : run.arms) errors += arm.errors;
  if (errors > 0)
    page.note(std::to_string(errors) + " samples failed and are not counted; koan eval run tries them again.");
  page.note(
      "Bits: mean a problem, as coded. Of uniform code: bits over 16.61 bits for each token of the strong answer, the "
      "paper's ratio. Of arithmetic code: bits over what koan needs for that answer's text, the ratio to believe.");
}

void add_costs(Page& page, const std::vector<Run>& runs) {
  page.section("costs", "What it costs");
  HtmlTable table;
  table.caption = "Mean a problem";
  table.head = {"task", "arm", "tokens, small", "tokens, large", "FLOP", "seconds", "money", "payload bytes"};
  table.left = 2;
  for (const Run& run : runs)
    for (const Arm& arm : run.arms)
      table.rows.push_back({run.task, arm.name, brief(arm.tokens_small), brief(arm.tokens_large), brief(arm.flop),
                            fixed(arm.seconds, 2), fixed(arm.money, 4), fixed(arm.payload_bytes, 1)});
  page.table(table);
  page.note(
      "FLOP: two for each weight and token, of models whose size is known. Money: as the price list of the run says.");
}

}  // namespace koan::report
