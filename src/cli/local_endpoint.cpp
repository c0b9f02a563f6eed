#include "chat/local_chat.h"
#include "cli/endpoints.h"
#include "cli/model_names.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "kernels/dispatch.h"

namespace koan::cli {

Result<std::unique_ptr<ChatModel>> open_local(const std::string& name, unsigned threads) {
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_TRY(known_answer_check(*kernels));
  ModelBytes bytes{embedded_models().size() - 1, {}, {}};
  if (!name.empty()) {
    KOAN_ASSIGN(bytes, read_model(name));
  }
  auto model = LocalModel::load(bytes.gguf());
  if (!model) return std::move(model).error().in(name);
  return std::unique_ptr<ChatModel>(
      LocalChat::create("local:" + name, std::move(*model), kernels, threads, interrupted));
}

}  // namespace koan::cli
