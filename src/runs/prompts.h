// What a run asks beyond the protocols (src/runs/data/prompts.json, linked into the program).
#pragma once

#include "base/hash.h"
#include "chat/prompt.h"

namespace koan::runs {

struct RunPrompts {
  std::uint32_t version = 0;
  Prompt read;  // of rewrite: fields problem, notes
  Sha256 sha256{};
};

// Errors: kCorrupt with the key.
Result<RunPrompts> parse_run_prompts(std::string_view json);
std::string_view run_prompts_file() noexcept;

}  // namespace koan::runs
