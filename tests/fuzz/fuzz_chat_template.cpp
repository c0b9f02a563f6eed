// A chat template, which comes with a model from anywhere, on a short conversation.
#include "chat/chat_template.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  if (size > 1 << 12) return 0;
  const auto made = ChatTemplate::parse(std::string(as_text(ByteView(data, size))));
  if (!made) return 0;
  static const std::vector<ChatMessage> talk = {
      {"system", "Be brief."}, {"user", "2+2?"}, {"assistant", "<think>x</think>4"}, {"user", "Sure? \xC3\xA9"}};
  static const SpecialTokens special;
  const auto once = made->render(talk, special, {2026, 11, 5});
  const auto twice = made->render(talk, special, {2026, 11, 5});
  fuzz::require(once.has_value() == twice.has_value(), "a template does the same twice");
  fuzz::require(!once || *once == *twice, "and gives the same text");
  fuzz::require(!once || once->size() <= std::size_t{4} << 20, "of a bounded length");
  return 0;
}
