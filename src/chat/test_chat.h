// For tests: the golden tiny model with special tokens and a chat template.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "chat/local_model.h"

namespace koan {

inline constexpr const char* kTurns =
    "{% for m in messages %}<|turn|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}";

inline Bytes tiny_gguf() {
  std::ifstream file(KOAN_SOURCE_DIR "/tests/golden/models/tiny.gguf", std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

// Its last two tokens are <|turn|> and <|end|>, the latter ends a text.
inline Bytes tiny_chat_gguf(const std::string& chat_template = kTurns) {
  const Bytes bytes = tiny_gguf();
  GgufFile file = parse_gguf(bytes).value();
  auto tokens = file.get_strings("tokenizer.ggml.tokens").value();
  auto types = std::get<std::vector<std::int64_t>>(file.metadata.at("tokenizer.ggml.token_type"));
  // Merges that made the two tokens go with them.
  auto merges = file.get_strings("tokenizer.ggml.merges").value();
  const std::size_t size = tokens.size();
  const std::string gone[2] = {tokens[size - 2], tokens[size - 1]};
  std::erase_if(merges, [&](const std::string& merge) {
    const std::size_t space = merge.find(' ');
    const std::string left = merge.substr(0, space), right = merge.substr(space + 1);
    for (const std::string& text : gone)
      if (left == text || right == text || left + right == text) return true;
    return false;
  });
  tokens[size - 2] = "<|turn|>";
  tokens[size - 1] = "<|end|>";
  types[size - 2] = types[size - 1] = 3;
  file.metadata["tokenizer.ggml.tokens"] = tokens;
  file.metadata["tokenizer.ggml.token_type"] = types;
  file.metadata["tokenizer.ggml.merges"] = merges;
  file.metadata["tokenizer.ggml.eot_token_id"] = static_cast<std::uint64_t>(size - 1);
  if (!chat_template.empty()) file.metadata["tokenizer.chat_template"] = chat_template;
  return write_gguf(file);
}

}  // namespace koan
