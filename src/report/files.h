// The figures of a report for programs.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"
#include "report/sections.h"

namespace koan::report {

std::string to_json(const Input& input, const std::vector<Comparison>& comparisons, const Settings& settings);
std::string arms_csv(const std::vector<Run>& runs);                       // a line for each run and arm
std::string lossless_csv(const std::vector<Measurements>& measurements);  // a line for each file and program

}  // namespace koan::report
