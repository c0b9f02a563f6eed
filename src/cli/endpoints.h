// What commands that talk to models share: an endpoint word becomes a ChatModel, its key is read from the environment
// and nowhere else, and all models of a command have one budget and one transcript (docs/remote.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "chat/chat_model.h"

namespace CLI {
class App;
}

namespace koan::cli {

struct RemoteUse {
  std::uint64_t token_budget = 1'000'000;
  std::optional<double> money_budget;
  unsigned retries = 4;
  std::string transcript;  // file; empty: the usual one
  bool no_cache = false;
};

// --budget-tokens, --budget, --retries, --calls, --no-cache.
void add_remote_options(CLI::App& app, RemoteUse& use);
// Those of them that were given.
std::vector<std::string> remote_options_in(const CLI::App& app);

// What a word means where a command takes a model: one that runs here, or an endpoint for Endpoints::open().
struct TokenPrices {
  double input = 0, output = 0;  // of a million tokens
};
struct NamedEndpoint {
  bool is_remote = false;
  std::string local;  // as --model takes it elsewhere; empty: the default
  std::optional<TokenPrices> prices = {};
};
// A name of the configuration, KIND:..., or else a model that runs here. Errors: kUsage (the configuration, the word).
Result<NamedEndpoint> resolve_endpoint(const std::string& word);

// What local:NAME is: exact, whatever the number of threads. Errors: those of read_model and LocalModel::load.
Result<std::unique_ptr<ChatModel>> open_local(const std::string& name, unsigned threads);

class Endpoints {
 public:
  // Opens the transcript when the first remote model is opened.
  // `threads`: of models that run here.
  static Result<Endpoints> create(const RemoteUse& use, unsigned threads);
  // Any word of resolve_endpoint(). Errors: as there; kUsage (no key), those of RemoteModel::create and open_local().
  Result<std::unique_ptr<ChatModel>> open(const std::string& word);

 private:
  struct State;
  explicit Endpoints(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace koan::cli
