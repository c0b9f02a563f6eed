#include "cli/eval_models.h"

#include <algorithm>
#include <mutex>

#include "chat/local_chat.h"
#include "cli/local_endpoint.h"
#include "cli/signals.h"

namespace koan::cli {

struct EvalModels::Known {
  NamedEndpoint named;
  std::optional<ReadyModel> ready;        // of a model that runs here
  std::shared_ptr<const LocalChat> chat;  // counts tokens
};

namespace {

std::unique_ptr<LocalChat> local_chat(const NamedEndpoint& named, const ReadyModel& ready) {
  return LocalChat::create("local:" + named.local, ready.local, ready.kernels, 1, interrupted);
}

}  // namespace

Result<EvalModels> EvalModels::create(Words words) {
  EvalModels out;
  for (const std::string& word : {words.small, words.large, words.judge}) {
    if (word.empty() || out.known_.contains(word)) continue;
    Known known;
    KOAN_ASSIGN(known.named, resolve_endpoint(word));
    if (!known.named.is_remote) {
      KOAN_ASSIGN(known.ready, load_local(known.named.local));
      known.chat = local_chat(known.named, *known.ready);
    }
    out.known_[word] = std::make_shared<const Known>(std::move(known));
  }
  out.words_ = std::move(words);
  return out;
}

runs::ModelName EvalModels::name_of(const std::string& word) const {
  if (word.empty()) return {};
  const Known& known = *known_.at(word);
  if (known.named.is_remote) return {word, "", 0};
  return {known.chat->name(), known.chat->identity(), known.ready->local.model->parameters()};
}

runs::ModelFacts EvalModels::facts_of(const std::string& word) const {
  const std::shared_ptr<const Known>& known = known_.at(word);
  runs::ModelFacts out;
  if (known->named.prices) out.prices = runs::Prices{known->named.prices->input, known->named.prices->output};
  if (!known->ready) return out;
  out.parameters = known->ready->local.model->parameters();
  out.count_tokens = [known](const ChatRequest& request) { return known->chat->prompt_tokens(request); };
  return out;
}

bool EvalModels::is_remote(const std::string& word) const { return !word.empty() && known_.at(word)->named.is_remote; }

bool EvalModels::any_remote() const {
  return std::any_of(known_.begin(), known_.end(), [](const auto& one) { return one.second->named.is_remote; });
}

Result<runs::CrewMaker> EvalModels::crews(const RemoteUse& remote) const {
  struct Opener {
    std::mutex mutex;
    Endpoints endpoints;
  };
  KOAN_ASSIGN(Endpoints endpoints, Endpoints::create(remote, 1));
  const std::shared_ptr<Opener> opener(new Opener{{}, std::move(endpoints)});
  const auto open = [known = known_, opener](const std::string& word) -> Result<std::unique_ptr<ChatModel>> {
    const Known& one = *known.at(word);
    if (one.ready) return std::unique_ptr<ChatModel>(local_chat(one.named, *one.ready));
    const std::lock_guard lock(opener->mutex);
    return opener->endpoints.open(word);
  };
  return runs::CrewMaker([open, words = words_]() -> Result<runs::Crew> {
    runs::Crew out;
    KOAN_ASSIGN(out.small, open(words.small));
    KOAN_ASSIGN(out.large, open(words.large));
    if (!words.judge.empty()) {
      KOAN_ASSIGN(out.judge, open(words.judge));
    }
    KOAN_ASSIGN(out.coder, runs::AnswerCoder::create());
    return out;
  });
}

}  // namespace koan::cli
