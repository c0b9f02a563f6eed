// Rows of bench as text and JSON.
#pragma once

#include "cli/bench.h"
#include "cli/report.h"

namespace koan::cli {

std::vector<std::string> bench_header(bool memory);
std::vector<std::string> bench_row(const Measured& measured, std::uint64_t raw, bool memory);
Json json_of(const Measured& measured, std::uint64_t raw);

// Sizes and times added, the largest memory. All inputs have the same rows.
MeasuredInput pooled(const std::vector<MeasuredInput>& inputs);

void print_rows(const MeasuredInput& input, const Arguments& arguments, bool memory);

// The inputs that were measured, pooled if there are several, and the exit code: how --levels and --ablation end.
// `files` has the entries of inputs that failed.
int finish_rows(const std::vector<MeasuredInput>& inputs, Json files, const Outcomes& outcomes,
                const Arguments& arguments);

}  // namespace koan::cli
