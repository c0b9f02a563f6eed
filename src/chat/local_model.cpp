#include "chat/local_model.h"

namespace koan {

Result<LocalModel> LocalModel::load(ByteView gguf) {
  LocalModel out;
  KOAN_ASSIGN(const GgufFile file, parse_gguf_model(gguf));
  KOAN_ASSIGN(out.model, Model::load(file, gguf));
  KOAN_ASSIGN(out.special, SpecialTokens::from_gguf(file));
  if (file.metadata.contains("tokenizer.chat_template")) {
    KOAN_ASSIGN(const std::string source, file.get_string("tokenizer.chat_template"));
    KOAN_ASSIGN(out.chat_template, ChatTemplate::parse(source));
  }
  return out;
}

std::vector<Token> LocalModel::plain_prompt(std::string_view text) const {
  const Tokenizer& tokenizer = model->tokenizer();
  std::vector<Token> out = tokenizer.encode(as_bytes(text));
  // A first position is needed even where the vocabulary says that texts begin without a start token.
  if (special.adds_bos() || out.empty()) out.insert(out.begin(), tokenizer.bos());
  return out;
}

}  // namespace koan
