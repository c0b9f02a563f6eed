// The parts of a report, each a section of its page.
#pragma once

#include <string>
#include <vector>

#include "report/measurements.h"
#include "report/page.h"
#include "report/paper.h"
#include "report/run_files.h"

namespace koan::report {

// The gap that each mechanism closes, beside what the paper published.
void add_recovery(Page& page, const std::vector<Run>& runs, const Paper& paper);
// Bits sent against accuracy, accuracy by difficulty, every figure of every arm.
void add_answers(Page& page, const Run& run);
// Tokens, arithmetic, time, money.
void add_costs(Page& page, const std::vector<Run>& runs);

// A method beside a control on the same problems.
struct Comparison {
  std::string task, run, method, control;
  double method_accuracy = kNothing, control_accuracy = kNothing;
  Pair pair;  // only_this: right by the method alone
  bool control_ahead() const { return control_accuracy > method_accuracy; }
};
std::vector<Comparison> compare(const std::vector<Run>& runs);
// Where a control is as good as the method or better.
void add_controls(Page& page, const std::vector<Comparison>& comparisons);

// Problems that a method wins and loses against the small model alone, the first `most` of each in the task's order.
void add_examples(Page& page, const Run& run, std::size_t most);

// Size against time, and what adapters bring.
void add_lossless(Page& page, const std::vector<Measurements>& measurements);

// Which files, models, seeds.
void add_provenance(Page& page, const std::vector<Run>& runs, const std::vector<Measurements>& measurements,
                    const std::string& koan_version);

// 95%, Wilson 1927; nothing of no samples.
Interval interval_of(const Counts& counts);

}  // namespace koan::report
