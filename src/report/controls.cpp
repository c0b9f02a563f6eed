// Methods beside their controls: the section that a report must not leave out.
#include <algorithm>
#include <cmath>

#include "report/sections.h"

namespace koan::report {
namespace {

constexpr double kClear = 0.05;

HtmlTable table_of(const std::vector<Comparison>& comparisons, const std::string& caption) {
  HtmlTable table;
  table.caption = caption;
  table.head = {"task",
                "method",
                "control",
                "method",
                "control",
                "difference",
                "right by the method alone",
                "by the control alone",
                "McNemar p"};
  table.left = 3;
  for (const Comparison& c : comparisons)
    table.rows.push_back({c.task,
                          c.method,
                          {c.control, c.control_ahead()},
                          percent(c.method_accuracy),
                          percent(c.control_accuracy),
                          {fixed(100 * (c.method_accuracy - c.control_accuracy), 1), c.control_ahead()},
                          fixed(c.pair.only_this, 0),
                          fixed(c.pair.only_other, 0),
                          fixed(c.pair.p, 4)});
  return table;
}

}  // namespace

std::vector<Comparison> compare(const std::vector<Run>& runs) {
  std::vector<Comparison> out;
  for (const Run& run : runs)
    for (const Arm& method : run.arms) {
      if (role_of(run, method.name) != Role::kMethod) continue;
      for (const Arm& control : run.arms) {
        if (role_of(run, control.name) != Role::kControl) continue;
        Comparison c{run.task, run.name, method.name, control.name, method.accuracy.value, control.accuracy.value, {}};
        if (const auto at = method.against.find(control.name); at != method.against.end()) {
          c.pair = at->second;
        } else if (const auto back = control.against.find(method.name); back != control.against.end()) {
          c.pair = {back->second.only_other, back->second.only_this, back->second.p};
        }
        if (std::isfinite(c.method_accuracy) && std::isfinite(c.control_accuracy)) out.push_back(std::move(c));
      }
    }
  std::stable_sort(out.begin(), out.end(), [](const Comparison& a, const Comparison& b) {
    return a.method_accuracy - a.control_accuracy < b.method_accuracy - b.control_accuracy;
  });
  return out;
}

void add_controls(Page& page, const std::vector<Comparison>& comparisons) {
  page.section("controls", "Where a control beats the method");
  if (comparisons.empty()) {
    page.paragraph(
        "These runs have no method with a control beside it, so nothing here shows that the bits do anything.");
    return;
  }
  std::vector<Comparison> lost;
  std::size_t clear = 0, won = 0;
  for (const Comparison& c : comparisons) {
    if (c.method_accuracy <= c.control_accuracy) lost.push_back(c);
    clear += c.control_ahead() && c.pair.p < kClear;
    won += !c.control_ahead() && c.pair.p < kClear;
  }
  page.paragraph("Of " + std::to_string(comparisons.size()) +
                 " comparisons of a method with a control on the same problems, the control is at least as good in " +
                 std::to_string(lost.size()) + " and clearly better (p < 0.05) in " + std::to_string(clear) +
                 "; the method is clearly better in " + std::to_string(won) +
                 ". p is McNemar's, for each comparison alone: nothing corrects for their number.");
  if (!lost.empty()) page.table(table_of(lost, "The control is at least as good, the worst first"));
  page.open("All comparisons");
  page.table(table_of(comparisons, "Every method beside every control"));
  page.close();
}

}  // namespace koan::report
