// A model file as something to talk to: the exact model, its special tokens, and its chat template if it has one.
#pragma once

#include <memory>
#include <optional>

#include "chat/chat_template.h"
#include "chat/special_tokens.h"
#include "model/model.h"

namespace koan {

struct LocalModel {
  std::shared_ptr<const Model> model;
  SpecialTokens special;
  std::optional<ChatTemplate> chat_template;

  // `gguf` need not outlive the call. Errors: as Model::load, and those of a chat template that koan cannot run.
  static Result<LocalModel> load(ByteView gguf);

  // Text to continue as it stands; special tokens in it are text. Begins with the start token.
  std::vector<Token> plain_prompt(std::string_view text) const;
};

}  // namespace koan
