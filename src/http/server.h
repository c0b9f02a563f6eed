// A small HTTP server: requests by POST with a body of JSON, replies of JSON, over TLS with a certificate. Hides
// cpp-httplib. A connection carries one request.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace koan {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // other addresses than loopback need a certificate
  int port = 0;                       // 0: any that is free
  std::string certificate, key;       // PEM files; empty: no TLS
  std::string path = "/";          // where requests go to; others: 404. No character of it means something to a regex
  std::size_t max_body = 4 << 20;  // bytes; above: 413
  unsigned at_once = 16;           // requests; above: 503
};

struct ServedRequest {
  std::string authorization, body;
};
struct ServedReply {
  int status = 200;
  std::string body;
};

class HttpServer {
 public:
  struct Handlers {
    // From several threads.
    std::function<ServedReply(const ServedRequest&)> post;
    // The body of what is refused before that: 400, 404 (not a POST to the path), 413, 415 (no JSON), 500, 503.
    std::function<std::string(int status)> error;
  };
  // Serves from threads of its own until it is destroyed, which waits for requests that are being answered. Errors:
  // kUsage (an address that needs TLS, a certificate or key that cannot be used), kIo (the address cannot be had).
  static Result<HttpServer> start(const HttpServerOptions& options, Handlers handlers);
  ~HttpServer();
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) = delete;

  std::string url() const;  // http(s)://ADDRESS:PORT
  // False once the system takes the port away; it does not come back.
  bool is_serving() const noexcept;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace koan
