// Requests over HTTP with a body of JSON, several at once, each with deadlines. Hides libcurl. Certificates are always
// verified, redirections are not followed (the key is meant for one server), and no proxy, cookie or password file of
// the environment is used. Headers, which hold keys, appear in no error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace koan {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpOptions {
  std::chrono::milliseconds connect{15'000};  // to be connected, names and TLS included
  std::chrono::milliseconds total{600'000};   // from the start to the last byte
  std::chrono::milliseconds stall{120'000};   // without a byte, once the reply's body has begun
  std::uint64_t max_reply = 16 << 20;         // bytes of a body
  std::string ca_file = {};                   // certificates to trust, PEM; empty: the system's
  std::function<bool()> stop = {};            // asked many times a second while waiting; may be empty
};

struct HttpRequest {
  std::string url;
  HttpHeaders headers;
  std::string body;  // JSON, sent by POST
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;

  const std::string* header(std::string_view name) const noexcept;  // the last of this name; null if there is none
};

// Why there is no complete reply.
struct HttpFailure {
  enum class Kind {
    kConnect,    // the server was not reached: it has seen nothing
    kBroken,     // the connection ended early
    kTimeout,    // one of the deadlines
    kUntrusted,  // TLS: the certificate is not to be trusted
    kTooLarge,
    kRequest  // it could not be sent as it is
  };
  Kind kind = Kind::kBroken;
  std::string message;
};

class HttpClient {
 public:
  static Result<HttpClient> create(HttpOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Begins a request that wait() will name by `id`.
  Status start(std::uint64_t id, HttpRequest request);
  std::size_t in_flight() const noexcept;

  struct Done {
    std::uint64_t id = 0;
    std::variant<HttpReply, HttpFailure> outcome;
  };
  // What is complete, after at most `timeout`; nothing at once if nothing is in flight. kCancelled, and everything in
  // flight is dropped, once options.stop says so.
  Result<std::vector<Done>> wait(std::chrono::milliseconds timeout);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace koan
