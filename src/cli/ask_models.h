// Words on the command line of koan ask as chat models.
#pragma once

#include <memory>
#include <string>

#include "chat/chat_model.h"
#include "cli/model_names.h"

namespace koan::cli {

// "local:NAME", where NAME is as in find_model. Errors: kUsage for another kind of word, those of read_model and
// LocalModel::load.
Result<std::unique_ptr<ChatModel>> make_chat_model(const std::string& word, unsigned threads);

}  // namespace koan::cli
