// One row of a benchmark's file as a problem. Inside of the module.
#pragma once

#include <cstdint>

#include "tasks/rows.h"
#include "tasks/task_data.h"

namespace koan::tasks {

bool is_kept(const TaskData& data, const Row& row);
// `index`: of the row in the file; with the seed it decides the order of choices that are shuffled. Errors: kCorrupt
// with the field.
Result<Problem> problem_of(const TaskData& data, const Row& row, std::uint64_t seed, std::uint64_t index);

}  // namespace koan::tasks
