// Chat completions as OpenAI defines them and OpenRouter, vLLM, llama-server and Ollama follow (docs/remote.md,
// Requests). Pure functions.
#pragma once

#include "remote/dialect.h"

namespace koan {

struct OpenAiWays {
  bool hosted = false;  // api.openai.com itself: its newer models refuse max_tokens, and defaults that are said
  bool stream = true;
  unsigned top_logprobs = 0;  // of the first token
};

inline constexpr unsigned kTopLogprobs = 20;  // the most that the interface gives

// The body of a request, checked already.
std::string openai_body(const std::string& model, const ChatRequest& request, const OpenAiWays& ways);
// What came back with status 200.
ReplyOrError read_openai(std::string_view body, ReplyForm form);

}  // namespace koan
