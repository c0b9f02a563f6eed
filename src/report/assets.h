// What is linked in: style, scripts, the paper's figures (docs/decisions/008-report-charts.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace koan::report {

std::string_view style_sheet() noexcept;
// Vega, Vega-Lite, Vega-Embed and what draws a page's charts with them, in the order to run them.
std::vector<std::string> chart_scripts();
std::string_view paper_file() noexcept;  // evals/paper.json

}  // namespace koan::report
