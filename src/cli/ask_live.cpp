#include "cli/ask_live.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "ask/live.h"
#include "cli/model_places.h"
#include "cli/signals.h"
#include "http/client.h"
#include "http/url.h"
#include "remote/key.h"
#include "remote/server_error.h"

namespace koan::cli {
namespace {

using std::chrono::milliseconds;

constexpr const char* kTokenVariable = "KOAN_ASK_TOKEN";
constexpr milliseconds kFirstPause{500}, kLongestPause{8'000};

class LiveClient {
 public:
  LiveClient(HttpClient http, std::string url, std::string token, unsigned retries)
      : http_(std::move(http)), url_(std::move(url)), token_(std::move(token)), retries_(retries) {}

  // A request that was answered once is answered again by the same symbol and for nothing, so that asking again is
  // safe even where a reply was lost.
  Result<std::size_t> decide(const ask::FarQuestion& asked) {
    const std::string body = ask::write_live_request(asked);
    milliseconds pause = kFirstPause;
    for (unsigned left = retries_;; --left) {
      KOAN_ASSIGN(const Tried tried, post(body));
      if (tried.status == 200) {
        auto symbol = ask::parse_live_reply(tried.text, asked.is_verdict);
        if (!symbol) return std::move(symbol).error().in(url_);
        return symbol;
      }
      if (!tried.may_pass || left == 0) return error_of(tried);
      KOAN_TRY(wait(pause));
      pause = std::min(2 * pause, kLongestPause);
    }
  }

 private:
  struct Tried {
    int status = 0;         // 0: no reply
    std::string text;       // the body, or why there is none
    bool may_pass = false;  // asking again may help
  };

  Result<Tried> post(const std::string& body) {
    HttpHeaders headers;
    if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
    KOAN_TRY(http_.start(1, {url_ + ask::kLivePath, std::move(headers), body}));
    while (true) {
      KOAN_ASSIGN(const std::vector<HttpClient::Done> done, http_.wait(milliseconds(1000)));
      if (done.empty()) continue;
      if (const auto* reply = std::get_if<HttpReply>(&done[0].outcome))
        return Tried{reply->status, reply->body, reply->status == 503};
      const auto& failure = std::get<HttpFailure>(done[0].outcome);
      using Kind = HttpFailure::Kind;
      return Tried{0, without_key(failure.message, token_),
                   failure.kind == Kind::kConnect || failure.kind == Kind::kBroken || failure.kind == Kind::kTimeout};
    }
  }

  Error error_of(const Tried& tried) const {
    if (tried.status == 0) return Error{ErrorCode::kRemote, url_ + ": " + tried.text};
    if (tried.status == 429)
      return Error{ErrorCode::kBudget, url_ +
                                           ": the bits of this day (UTC) are spent; the same command goes on "
                                           "another day, and what was answered is not paid for again"};
    std::string why = "HTTP " + std::to_string(tried.status);
    if (tried.status == 401)
      why += token_.empty() ? std::string(": a token is wanted in ") + kTokenVariable
                            : std::string(": the token in ") + kTokenVariable + " is not known there";
    else if (tried.status == 404)
      why += ": there is no koan ask serve";
    else if (const std::string said = read_server_error(tried.status, tried.text).message; !said.empty())
      why += ": " + without_key(said, token_);
    return Error{ErrorCode::kRemote, url_ + ": " + why};
  }

  static Status wait(milliseconds pause) {
    constexpr milliseconds kSlice{50};
    for (; pause.count() > 0; pause -= kSlice) {
      if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
      std::this_thread::sleep_for(std::min(pause, kSlice));
    }
    return {};
  }

  HttpClient http_;
  std::string url_, token_;
  unsigned retries_;
};

}  // namespace

Result<AskFar> connect_far(const AskArguments& arguments) {
  KOAN_ASSIGN(std::string url, checked_url(std::string_view(arguments.large).substr(6)));
  std::string token = environment(kTokenVariable);
  KOAN_TRY(checked_key(token, kTokenVariable));
  HttpOptions options;
  options.ca_file = arguments.live.ca;
  options.stop = interrupted;
  options.max_reply = 1 << 16;
  KOAN_ASSIGN(HttpClient http, HttpClient::create(std::move(options)));
  auto client =
      std::make_shared<LiveClient>(std::move(http), std::move(url), std::move(token), arguments.remote.retries);
  return AskFar([client](const ask::Protocol& protocol) { return client->decide(ask::far_question(protocol)); });
}

}  // namespace koan::cli
