// koan eval tasks, koan eval grade: benchmarks looked at, and replies graded by hand (docs/evaluation.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace koan::cli {

int run_eval_tasks(const std::vector<std::string>& words);
int run_eval_grade(const std::vector<std::string>& words);
// What follows "koan eval"; nothing: it is neither of the two.
std::optional<int> run_eval_tools(const std::vector<std::string>& words);

}  // namespace koan::cli
