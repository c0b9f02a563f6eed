// What koan eval run says: progress, the estimate, and the table at the end.
#pragma once

#include <string>

#include "cli/progress.h"
#include "runs/estimate.h"
#include "runs/summary.h"

namespace koan::cli {

// On a terminal a line that changes, elsewhere a line a minute.
class RunProgress {
 public:
  RunProgress(bool quiet, std::string name);
  void show(std::size_t done, std::size_t total);
  void clear() { line_.clear(); }

 private:
  bool quiet_, terminal_;
  std::string name_;
  ShareLine line_;
  double start_, last_;
  std::size_t first_ = 0;  // samples that were there at the start
  bool begun_ = false;
};

struct PaidModel {
  std::string word;
  runs::Estimate estimate;
};
std::string estimate_line(const PaidModel& model, const std::optional<runs::Prices>& prices);

// At most 100 columns.
std::string table_of(const runs::RunConfig& config, const runs::RunSummary& summary);

}  // namespace koan::cli
