// Live mode of koan ask (docs/ask_protocol.md, "Live mode"): the server, and the near side's way to one.
#pragma once

#include <functional>
#include <string>

#include "ask/protocol.h"
#include "cli/ask_arguments.h"

namespace koan::cli {

// Whether a word of --large names a server: serve:URL.
inline bool is_ask_server(const std::string& word) { return word.starts_with("serve:"); }

// Asks for the symbol of the decision that a protocol wants.
using AskFar = std::function<Result<std::size_t>(const ask::Protocol&)>;
// Nothing is sent before the first decision. Errors: kUsage (the address, the token). Of the function: kBudget (the
// bits are spent), kRemote, kCancelled.
Result<AskFar> connect_far(const AskArguments& arguments);

// Until a signal ends it.
Status serve_answers(const AskArguments& arguments);

}  // namespace koan::cli
