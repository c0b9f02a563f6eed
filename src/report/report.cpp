#include "report/report.h"

#include <filesystem>

#include "report/assets.h"
#include "report/files.h"
#include "report/sections.h"

namespace koan::report {

Status add_input(Input& input, const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    KOAN_ASSIGN(Run run, read_run(path));
    input.runs.push_back(std::move(run));
  } else {
    KOAN_ASSIGN(Measurements measurements, read_measurements(path));
    input.measurements.push_back(std::move(measurements));
  }
  return {};
}

Result<Report> make_report(const Input& input, const Settings& settings) {
  Page page;
  const std::vector<Comparison> comparisons = compare(input.runs);
  if (!input.runs.empty()) {
    KOAN_ASSIGN(const Paper paper, read_paper(paper_file()));
    add_recovery(page, input.runs, paper);
    add_controls(page, comparisons);
    for (const Run& run : input.runs) add_answers(page, run);
  }
  if (!input.measurements.empty()) add_lossless(page, input.measurements);
  if (!input.runs.empty()) {
    page.section("examples", "Wins and losses");
    page.paragraph(
        "Against the small model alone, in the first trial; in the order of the task, not picked. What models wrote is "
        "shown as it is.");
    for (const Run& run : input.runs) add_examples(page, run, settings.examples);
    add_costs(page, input.runs);
  }
  add_provenance(page, input.runs, input.measurements, settings.koan_version);
  Report out;
  out.html = page.html(settings.title);
  out.json = to_json(input, comparisons, settings);
  if (!input.runs.empty()) out.arms_csv = arms_csv(input.runs);
  if (!input.measurements.empty()) out.lossless_csv = lossless_csv(input.measurements);
  return out;
}

}  // namespace koan::report
