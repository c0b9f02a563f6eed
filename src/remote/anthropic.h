// Anthropic Messages (docs/remote.md, Requests). Pure functions.
#pragma once

#include "remote/dialect.h"

namespace koan {

inline constexpr const char* kAnthropicVersion = "2023-06-01";

// The body of a request, checked already. Errors: kUsage for a temperature above 1.
Result<std::string> anthropic_body(const std::string& model, const ChatRequest& request);
// What came back with status 200.
ReplyOrError read_anthropic(std::string_view body, ReplyForm form);

}  // namespace koan
