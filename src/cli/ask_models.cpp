#include "cli/ask_models.h"

#include "chat/local_chat.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "kernels/dispatch.h"

namespace koan::cli {

Result<std::unique_ptr<ChatModel>> make_chat_model(const std::string& word, unsigned threads) {
  constexpr std::string_view kLocal = "local:";
  if (!word.starts_with(kLocal))
    return Error{ErrorCode::kUsage, "'" + word + "' is no model; say local:NAME, where NAME is nano, small or a file"};
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_TRY(known_answer_check(*kernels));
  KOAN_ASSIGN(const ModelBytes bytes, read_model(word.substr(kLocal.size())));
  auto model = LocalModel::load(bytes.gguf());
  if (!model) return std::move(model).error().in(word);
  return std::unique_ptr<ChatModel>(LocalChat::create(word, std::move(*model), kernels, threads, interrupted));
}

}  // namespace koan::cli
