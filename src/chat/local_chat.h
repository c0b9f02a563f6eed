// A ChatModel that runs here and is exact: the same request gives the same reply on every machine, with any number of
// threads, and whatever other requests are in the call.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/hash.h"
#include "chat/chat_model.h"
#include "chat/local_model.h"

namespace koan {

// How a model without a chat template sees a conversation (docs/ask_protocol.md, "Plain rendering"). The number changes
// with every change of the text.
inline constexpr std::uint32_t kPlainRenderingVersion = 1;
std::string render_plain(std::span<const ChatMessage> messages);

// What may stand in a transcript: each byte that is no UTF-8 becomes U+FFFD.
std::string replace_broken_utf8(std::string_view text);

class LocalChat final : public ChatModel {
 public:
  using Cancelled = std::function<bool()>;  // asked from several threads after each piece of text; may be empty
  // `kernels` lives as long as the model. Requests of one call share `threads` >= 1.
  static std::unique_ptr<LocalChat> create(std::string name, LocalModel model, const Kernels* kernels,
                                           unsigned threads = 1, Cancelled cancelled = {});

  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return to_hex(model_.model->sha256()); }
  // Tokens of a request as the model sees it; 0 if it cannot see it. From any thread.
  std::size_t prompt_tokens(const ChatRequest& request) const;
  // Errors: kUsage (a message that is not UTF-8, a template that refuses, settings out of range), kCancelled, those of
  // Generator::run.
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override;
  // Of the request only the messages matter. Errors: those of replies() and of Generator::choose.
  Result<std::vector<ChoiceScore>> choose(const ChatRequest& request, std::span<const std::string> choices) override;

 private:
  LocalChat(std::string name, LocalModel model, Generator generator, Cancelled cancelled)
      : name_(std::move(name)),
        model_(std::move(model)),
        generator_(std::move(generator)),
        cancelled_(std::move(cancelled)) {}
  Result<Generator::Prompt> prompt_of(const ChatRequest& request) const;
  Result<ChatReply> reply_to(const ChatRequest& request, const Generator& generator) const;

  std::string name_;
  LocalModel model_;
  Generator generator_;
  Cancelled cancelled_;
};

}  // namespace koan
