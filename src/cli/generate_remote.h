// koan generate with a model behind HTTP.
#pragma once

#include "cli/generate_arguments.h"

namespace koan::cli {

// Errors: kUsage for an option that only models have that run here, and those of ChatModel.
Status generate_remote(const GenerateArguments& arguments, const std::vector<std::string>& prompts);

}  // namespace koan::cli
