// Prompts as data: a system and a user message with {{fields}}.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chat/chat_template.h"
#include "formats/json_members.h"

namespace koan {

struct Prompt {
  std::string system, user;
};
using PromptFields = std::map<std::string, std::string, std::less<>>;

// Members "system" and "user". Errors: those of JsonMembers.
Result<Prompt> take_prompt(JsonMembers& members);

// The two messages with {{name}} replaced. What a field says is not looked at again. A name without a field is left.
std::vector<ChatMessage> fill(const Prompt& prompt, const PromptFields& fields);

}  // namespace koan
