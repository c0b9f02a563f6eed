// Answers in free form, graded by a model (docs/evaluation.md, "Graders"). The prompt is a versioned data file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "chat/prompt.h"
#include "grade/grade.h"

namespace koan::grade {

struct JudgePrompt {
  std::uint32_t version = 0;
  Prompt text;  // fields question, reference, reply
  double temperature = 0;
  std::uint32_t max_tokens = 0;
  Sha256 sha256{};
};

// Errors: kCorrupt with the key.
Result<JudgePrompt> parse_judge_prompt(std::string_view json);
std::string_view judge_prompt_file() noexcept;

// True for CORRECT, false for INCORRECT, nothing for any other text: both words are looked at whole, and nothing but
// space, asterisks and full stops may stand around them.
std::optional<bool> parse_judgement(std::string_view reply);

// Errors: those of the model.
Result<Grade> judge(const Target& target, std::string_view reply, ChatModel& model);

}  // namespace koan::grade
