#include "chat/chat_template.h"

#include "base/utf8.h"

namespace koan {
namespace {

bool is_text(const std::string& text) { return find_binary(as_bytes(text)) == text.size(); }

}  // namespace

Result<ChatTemplate> ChatTemplate::parse(const std::string& source) {
  if (source.size() > kMaxBytes)
    return Error{ErrorCode::kLimit, "the chat template has " + std::to_string(source.size()) + " bytes, above 256 KiB"};
  KOAN_ASSIGN(jinja::Nodes nodes, jinja::parse_template(source));
  ChatTemplate out;
  out.nodes_ = std::make_shared<const jinja::Nodes>(std::move(nodes));
  return out;
}

Result<std::string> ChatTemplate::render(std::span<const ChatMessage> messages, const SpecialTokens& special,
                                         jinja::Date today) const {
  jinja::Json list = jinja::Json::array();
  for (const ChatMessage& message : messages) {
    if (!is_text(message.content) || !is_text(message.role))
      return Error{ErrorCode::kUsage, "a message is not UTF-8 text"};
    list.push_back({{"role", message.role}, {"content", special.guarded(message.content)}});
  }
  const jinja::Json variables = {{"messages", std::move(list)},
                                 {"add_generation_prompt", true},
                                 {"bos_token", special.bos_text()},
                                 {"eos_token", special.eos_text()}};
  return jinja::render(*nodes_, variables, today);
}

Result<std::vector<Token>> ChatTemplate::encode(std::span<const ChatMessage> messages, const SpecialTokens& special,
                                                const Tokenizer& tokenizer, jinja::Date today) const {
  KOAN_ASSIGN(const std::string text, render(messages, special, today));
  std::vector<Token> out = special.encode(text, tokenizer);
  // Most templates write the start token themselves.
  if (special.adds_bos() && (out.empty() || out[0] != tokenizer.bos())) out.insert(out.begin(), tokenizer.bos());
  if (out.empty()) return Error{ErrorCode::kUsage, "the chat template gives an empty prompt"};
  return out;
}

}  // namespace koan
