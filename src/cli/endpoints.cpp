#include "cli/endpoints.h"

#include <filesystem>

#include "base/file.h"
#include "cli/model_places.h"
#include "cli/signals.h"
#include "http/url.h"
#include "remote/config.h"
#include "remote/remote_model.h"

namespace koan::cli {
namespace {

// Of the file that is there; an empty one if there is none.
Result<Config> read_config() {
  const std::string path = config_file();
  std::error_code failed;
  if (path.empty() || !std::filesystem::exists(path, failed)) return Config{};
  KOAN_ASSIGN(const Bytes bytes, read_file(path, kMaxConfigBytes));
  return parse_config(as_text(bytes), path);
}

const Result<Config>& config() {
  static const Result<Config> read = read_config();  // a command asks for it with every word
  return read;
}

bool is_path(const std::string& word) { return word.find('/') != std::string::npos || word.ends_with(".gguf"); }

// Nothing: a model that runs here, by its bare name.
Result<std::optional<Endpoint>> find_endpoint(const std::string& word) {
  if (has_kind(word)) {
    KOAN_ASSIGN(Endpoint endpoint, parse_endpoint(word));
    return std::optional(std::move(endpoint));
  }
  if (word.empty() || is_path(word)) return std::optional<Endpoint>();
  if (!config()) return config().error();
  const auto at = config()->endpoints.find(word);
  return at == config()->endpoints.end() ? std::optional<Endpoint>() : std::optional(at->second);
}

// "127.0.0.1:80" of "http://127.0.0.1:80/v1": only this machine is reached by http.
bool is_on_this_machine(const Endpoint& endpoint) {
  if (endpoint.url.starts_with("http://")) return true;
  std::string host = endpoint.url.substr(8, endpoint.url.find('/', 8) - 8);
  if (const std::size_t colon = host.rfind(':'); colon != std::string::npos && !host.ends_with(']')) host.resize(colon);
  return is_loopback(host);
}

Result<std::string> read_key(const Endpoint& endpoint) {
  std::string key = environment(endpoint.key_env.c_str());
  if (!key.empty() || is_on_this_machine(endpoint)) return key;
  return Error{ErrorCode::kUsage,
               "endpoint " + endpoint.name + " needs a key: the variable " + endpoint.key_env + " is not set"};
}

std::string usual_transcript() {
  const std::string state = state_folder();
  return state.empty() ? "" : state + "/remote.jsonl";
}

}  // namespace

struct Endpoints::State {
  RemoteUse use;
  unsigned threads = 1;
  std::shared_ptr<Budget> budget;
  std::shared_ptr<Transcript> transcript;

  Status open_transcript() {
    if (transcript) return {};
    const std::string path = use.transcript.empty() ? usual_transcript() : use.transcript;
    if (path.empty()) return Error{ErrorCode::kUsage, "no place for a transcript: HOME is not set; give --calls"};
    if (use.transcript.empty()) {
      std::error_code failed;
      std::filesystem::create_directories(state_folder(), failed);
      if (failed) return Error{ErrorCode::kIo, state_folder() + ": " + failed.message()};
    }
    KOAN_ASSIGN(transcript, Transcript::open(path));
    return {};
  }
};

Result<NamedEndpoint> resolve_endpoint(const std::string& word) {
  KOAN_ASSIGN(const std::optional<Endpoint> endpoint, find_endpoint(word));
  if (!endpoint) return NamedEndpoint{false, word};
  if (endpoint->kind == Endpoint::Kind::kLocal) return NamedEndpoint{false, endpoint->model};
  NamedEndpoint out{true, {}};
  if (endpoint->prices) out.prices = TokenPrices{endpoint->prices->input, endpoint->prices->output};
  return out;
}

Result<Endpoints> Endpoints::create(const RemoteUse& use, unsigned threads) {
  auto state = std::make_shared<State>();
  state->use = use;
  state->threads = threads;
  state->budget = std::make_shared<Budget>(BudgetLimits{use.token_budget, use.money_budget});
  return Endpoints(std::move(state));
}

Result<std::unique_ptr<ChatModel>> Endpoints::open(const std::string& word) {
  KOAN_ASSIGN(std::optional<Endpoint> endpoint, find_endpoint(word));
  if (!endpoint) return open_local(word, state_->threads);
  if (endpoint->kind == Endpoint::Kind::kLocal) return open_local(endpoint->model, state_->threads);
  RemoteOptions options;
  KOAN_ASSIGN(options.key, read_key(*endpoint));
  KOAN_TRY(state_->open_transcript());
  options.budget = state_->budget;
  options.transcript = state_->transcript;
  const std::string cache = cache_folder();
  if (!state_->use.no_cache && !cache.empty()) options.cache_folder = cache + "/replies";
  options.retries.retries = state_->use.retries;
  options.http.stop = interrupted;
  return RemoteModel::create(std::move(*endpoint), std::move(options));
}

}  // namespace koan::cli
