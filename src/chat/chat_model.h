// Something that continues a conversation: the exact local engine, or a model behind an HTTP interface. The protocols
// (src/ask, src/rewrite) know no more of a model than this.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chat/chat_template.h"
#include "chat/generator.h"

namespace koan {

struct ChatRequest {
  std::vector<ChatMessage> messages;
  double temperature = 0;
  double top_p = 1;
  std::uint64_t seed = 0;  // remote models may ignore it
  std::uint32_t max_tokens = 1024;
  std::vector<std::string> stop = {};
};

struct ChatUsage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
};

struct ChatReply {
  std::string text;  // UTF-8; of a local model, bytes that are none became U+FFFD
  FinishReason reason = FinishReason::kEnd;
  ChatUsage usage;
  bool cached = false;  // a remote model's reply from an earlier request: paid for then
};

class ChatModel {
 public:
  virtual ~ChatModel() = default;

  // What identifies it in transcripts: the endpoint as it was named, without any key.
  virtual const std::string& name() const noexcept = 0;
  // 64 hexadecimal digits of the model file if the same request gives the same reply on every machine; empty if it
  // does not.
  virtual std::string identity() const = 0;

  // Replies in the order of the requests. May be called from one thread at a time. Errors: kRemote (a server that
  // refuses or does not answer), kBudget (the next request could exceed it), kUsage, kCancelled.
  virtual Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) = 0;
  // The weights of texts as the beginning of the reply, exact for a local model. kNotSupported where a model cannot.
  virtual Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) = 0;

  Result<ChatReply> reply(const ChatRequest& request) {
    auto all = replies(std::span(&request, 1));
    if (!all) return std::move(all).error();
    return std::move(all->front());
  }
};

}  // namespace koan
