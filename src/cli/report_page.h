// A report on disk: the page and the files beside it (docs/evaluation.md, "Report").
#pragma once

#include <string>

#include "report/report.h"

namespace koan::cli {

struct ReportPage {
  const report::Input& input;
  const report::Settings& settings;
  std::string output;  // report.html: report.json, report.csv and report.lossless.csv come beside it
  bool force = false, quiet = false;
};
Status write_report_page(const ReportPage& page);

}  // namespace koan::cli
