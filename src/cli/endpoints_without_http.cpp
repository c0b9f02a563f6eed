// For builds without KOAN_REMOTE: models that run here are all there is.
#include "cli/endpoints.h"

namespace koan::cli {

struct Endpoints::State {
  unsigned threads = 1;
};

Result<NamedEndpoint> resolve_endpoint(const std::string& word) {
  if (word.starts_with("openai:") || word.starts_with("anthropic:"))
    return Error{ErrorCode::kNotSupported, word + ": this koan was built without remote models (KOAN_REMOTE)"};
  return NamedEndpoint{false, word.starts_with("local:") ? word.substr(6) : word};
}

Result<Endpoints> Endpoints::create(const RemoteUse&, unsigned threads) {
  return Endpoints(std::make_shared<State>(State{threads}));
}

Result<std::unique_ptr<ChatModel>> Endpoints::open(const std::string& word) {
  KOAN_ASSIGN(const NamedEndpoint named, resolve_endpoint(word));
  return open_local(named.local, state_->threads);
}

}  // namespace koan::cli
