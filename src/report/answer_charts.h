// Charts of runs, as Vega-Lite.
#pragma once

#include "report/measurements.h"
#include "report/page.h"
#include "report/run_files.h"

namespace koan::report {

// Something that was sent and how often the receiver was then right.
struct SentPoint {
  std::string name, kind;
  double bits = 0;  // a problem
  Interval accuracy;
};
std::vector<SentPoint> sent_points(const Run& run);

Chart bits_chart(const Run& run, const std::vector<SentPoint>& points);
Chart difficulty_chart(const Run& run);

}  // namespace koan::report
