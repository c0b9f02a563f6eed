// From a conversation to the tokens that a model was trained to continue: the model's own Jinja template, run by
// src/chat/jinja_*, or plain text if it has none.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chat/jinja_run.h"
#include "chat/special_tokens.h"

namespace koan {

struct ChatMessage {
  std::string role;  // system, user, assistant
  std::string content;
};

class ChatTemplate {
 public:
  static constexpr std::size_t kMaxBytes = 256 << 10;

  // Errors: kCorrupt and kNotSupported with the line, kLimit.
  static Result<ChatTemplate> parse(const std::string& source);

  // The conversation and the beginning of the answer. `today` is what a template that asks for the date gets; the same
  // date gives the same tokens. Errors: kUsage (the template refuses, or a message is not UTF-8), and those of
  // jinja::render.
  Result<std::string> render(std::span<const ChatMessage> messages, const SpecialTokens& special,
                             jinja::Date today) const;
  Result<std::vector<Token>> encode(std::span<const ChatMessage> messages, const SpecialTokens& special,
                                    const Tokenizer& tokenizer, jinja::Date today) const;

 private:
  std::shared_ptr<const jinja::Nodes> nodes_;
};

}  // namespace koan
