#include "chat/prompt.h"

namespace koan {
namespace {

std::string filled(const std::string& text, const PromptFields& fields) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("{{", at), close = text.find("}}", open);
    if (close == std::string::npos) return out + text.substr(at);
    const auto field = fields.find(text.substr(open + 2, close - open - 2));
    out += text.substr(at, open - at) + (field == fields.end() ? text.substr(open, close + 2 - open) : field->second);
    at = close + 2;
  }
  return out;
}

}  // namespace

Result<Prompt> take_prompt(JsonMembers& members) {
  Prompt out;
  KOAN_ASSIGN(out.system, members.text("system"));
  KOAN_ASSIGN(out.user, members.text("user"));
  return out;
}

std::vector<ChatMessage> fill(const Prompt& prompt, const PromptFields& fields) {
  return {{"system", filled(prompt.system, fields)}, {"user", filled(prompt.user, fields)}};
}

}  // namespace koan
