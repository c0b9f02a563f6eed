// A report over runs and measurements: the page, and its figures as CSV and JSON (docs/evaluation.md, "Report").
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "report/measurements.h"
#include "report/run_files.h"

namespace koan::report {

struct Input {
  std::vector<Run> runs;
  std::vector<Measurements> measurements;
};

struct Settings {
  std::string title = "koan: what bits bring";
  std::string koan_version;
  std::size_t examples = 5;  // of each kind and method
};

struct Report {
  std::string html, json;
  std::string arms_csv, lossless_csv;  // empty: nothing of that kind
};

// A folder with results.json is a run, a file is measurements. Errors: those of read_run and read_measurements.
Status add_input(Input& input, const std::string& path);

// The same input gives the same bytes.
Result<Report> make_report(const Input& input, const Settings& settings);

}  // namespace koan::report
