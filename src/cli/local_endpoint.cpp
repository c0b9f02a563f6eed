#include "cli/local_endpoint.h"

#include "chat/local_chat.h"
#include "cli/endpoints.h"
#include "cli/model_names.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "kernels/dispatch.h"

namespace koan::cli {

Result<ReadyModel> load_local(const std::string& word) {
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_TRY(known_answer_check(*kernels));
  ModelBytes bytes{kTiers - 1, {}, {}};
  if (!word.empty()) {
    KOAN_ASSIGN(bytes, read_model(word));
  }
  auto local = LocalModel::load(bytes.gguf());
  if (!local) return bytes.embedded ? std::move(local).error() : std::move(local).error().in(bytes.path);
  return ReadyModel{std::move(*local), kernels};
}

Result<std::unique_ptr<ChatModel>> open_local(const std::string& name, unsigned threads) {
  KOAN_ASSIGN(ReadyModel ready, load_local(name));
  return std::unique_ptr<ChatModel>(
      LocalChat::create("local:" + name, std::move(ready.local), ready.kernels, threads, interrupted));
}

}  // namespace koan::cli
