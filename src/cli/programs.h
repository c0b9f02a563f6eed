// Programs that models wrote, run in the sandbox (docs/evaluation.md, "Sandbox").
#pragma once

#include <functional>
#include <string>

#include "grade/grade.h"

namespace koan::cli {

// As grade::Means::run; from any thread. Errors: those of sandbox::run.
std::function<Result<grade::Grade>(const std::string& program)> program_runner(bool unsandboxed);

}  // namespace koan::cli
