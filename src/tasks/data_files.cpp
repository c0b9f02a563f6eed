#include <array>

#include "tasks/task_data.h"

// evals/tasks, linked in by CMakeLists.txt.
#define KOAN_TASKS(each)                                                                                    \
  each(aime) each(asdiv) each(gpqa) each(gpqa_free) each(gsm8k) each(gsm_hard) each(hle) each(hle_exact)    \
      each(humaneval) each(math) each(math_algebra) each(math_geometry) each(math_number_theory) each(mbpp) \
          each(mmlu_pro) each(offline) each(svamp)
#define KOAN_TASK_DECLARED(name) extern "C" const char koan_tasks_##name[], koan_tasks_##name##_end[];
#define KOAN_TASK_LISTED(name) TaskFile{#name, {koan_tasks_##name, koan_tasks_##name##_end}},
KOAN_TASKS(KOAN_TASK_DECLARED)

namespace koan::tasks {

std::span<const TaskFile> task_files() noexcept {
  static const std::array kFiles = {KOAN_TASKS(KOAN_TASK_LISTED)};
  return kFiles;
}

}  // namespace koan::tasks
