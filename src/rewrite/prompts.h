// The prompts of the rewriter, a versioned data file (src/rewrite/data/prompts.json, linked into the program).
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "chat/prompt.h"

namespace koan {

struct RewritePrompt {
  Prompt text;
  double temperature = 0;
  std::uint32_t max_tokens = 0;
};

struct RewritePrompts {
  std::uint32_t version = 0;
  RewritePrompt solve, sampling, single, ask, read, read_alone;
  double temperature_of_many = 0;  // of `ask`, when several rewrites are wanted
  Sha256 sha256{};                 // of the file
};

// Errors: kCorrupt with the key.
Result<RewritePrompts> parse_rewrite_prompts(std::string_view json);
std::string_view rewrite_prompts_file() noexcept;

}  // namespace koan
