#include "http/server.h"

#include <httplib.h>
#include <openssl/ssl.h>

#include <atomic>
#include <thread>

#include "http/url.h"

namespace koan {
namespace {

constexpr const char* kJson = "application/json";

bool use_certificate(SSL_CTX& context, const HttpServerOptions& options) {
  return SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_use_certificate_chain_file(&context, options.certificate.c_str()) == 1 &&
         SSL_CTX_use_PrivateKey_file(&context, options.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_check_private_key(&context) == 1;
}

// Counts itself while it lives.
class Present {
 public:
  explicit Present(std::atomic<unsigned>& count) : count_(count), number_(++count) {}
  ~Present() { --count_; }
  Present(const Present&) = delete;
  Present& operator=(const Present&) = delete;
  unsigned number() const noexcept { return number_; }

 private:
  std::atomic<unsigned>& count_;
  unsigned number_;
};

}  // namespace

struct HttpServer::State {
  HttpServerOptions options;
  Handlers handlers;
  std::unique_ptr<httplib::Server> server;
  std::thread thread;
  std::atomic<unsigned> present{0};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
  }

  ServedReply error(int status) const { return {status, handlers.error(status)}; }

  ServedReply reply_to(const httplib::Request& request, const httplib::ContentReader& read) {
    // The body in any case: who is not heard to the end may miss the reply. httplib counts no bytes where no length is
    // told; the parts of a form are none of ours.
    std::string body;
    const auto take = [&](const char* data, std::size_t size) {
      if (size > options.max_body - body.size()) return false;
      body.append(data, size);
      return true;
    };
    const bool whole = !request.is_multipart_form_data() && read(take);
    const Present present_now(present);
    if (present_now.number() > options.at_once) return error(503);
    if (!request.get_header_value("Content-Type").starts_with(kJson)) return error(415);
    if (!whole) return error(413);
    return handlers.post({request.get_header_value("Authorization"), std::move(body)});
  }

  void set_up() {
    const unsigned threads = options.at_once + 4;  // those that say 503
    server->new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
    server->set_payload_max_length(options.max_body);
    server->set_keep_alive_max_count(1);
    server->set_read_timeout(10);
    server->set_write_timeout(10);
    server->set_tcp_nodelay(true);
    // Without SO_REUSEPORT, by which two servers would share a port.
    server->set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server->Post(options.path, [this](const httplib::Request& request, httplib::Response& response,
                                      const httplib::ContentReader& read) {
      const ServedReply reply = reply_to(request, read);
      response.status = reply.status;
      response.set_content(reply.body, kJson);
    });
    server->set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, std::exception_ptr) { response.status = 500; });
    server->set_error_handler([this](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) response.set_content(handlers.error(response.status), kJson);
    });
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;
HttpServer::HttpServer(HttpServer&&) noexcept = default;

Result<HttpServer> HttpServer::start(const HttpServerOptions& options, Handlers handlers) {
  const bool tls = !options.certificate.empty() || !options.key.empty();
  if (!tls && !is_loopback(options.address))
    return Error{ErrorCode::kUsage, options.address +
                                        ": without TLS tokens and texts would travel in the clear; only "
                                        "this machine (localhost, 127.*, [::1]) is served so"};
  auto state = std::make_unique<State>();
  state->options = options;
  state->handlers = std::move(handlers);
  if (tls) {
    state->server =
        std::make_unique<httplib::SSLServer>([&](SSL_CTX& context) { return use_certificate(context, options); });
    if (!state->server->is_valid())
      return Error{ErrorCode::kUsage,
                   "the certificate " + options.certificate + " and the key " + options.key + " cannot be used"};
  } else {
    state->server = std::make_unique<httplib::Server>();
  }
  state->set_up();
  std::string host = options.address;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  httplib::Server& server = *state->server;
  int& port = state->options.port;
  if (port == 0)
    port = server.bind_to_any_port(host);
  else if (!server.bind_to_port(host, port))
    port = -1;
  if (port <= 0)
    return Error{ErrorCode::kIo, options.address + ":" + std::to_string(options.port) + " cannot be listened on"};
  state->thread = std::thread([&server] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return HttpServer(std::move(state));
}

bool HttpServer::is_serving() const noexcept { return state_->server->is_running(); }

std::string HttpServer::url() const {
  const HttpServerOptions& options = state_->options;
  return (options.certificate.empty() ? "http://" : "https://") + options.address + ":" + std::to_string(options.port);
}

}  // namespace koan
