#include "http/test_server.h"

#include <httplib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace koan {

struct TestServer::Impl {
  std::unique_ptr<httplib::Server> server;
};

namespace {

SeenRequest seen(const httplib::Request& request, unsigned number) {
  SeenRequest out{request.path, request.body, {}, number};
  for (const auto& [name, value] : request.headers) {
    std::string low = name;
    std::ranges::transform(low, low.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.headers.emplace_back(low, value);
  }
  return out;
}

void send_in_pieces(httplib::Response& response, const TestAnswer& answer, const std::atomic<bool>& ending) {
  response.set_chunked_content_provider(
      answer.content_type, [answer, &ending](std::size_t offset, httplib::DataSink& sink) {
        const std::size_t end = std::min(answer.body.size(), answer.cut_after.value_or(answer.body.size()));
        if (offset >= end) {
          if (answer.cut_after) return false;  // closes without the last chunk
          sink.done();
          return true;
        }
        const std::size_t n = answer.between.count() == 0 ? end - offset : std::min(answer.piece, end - offset);
        if (!sink.write(answer.body.data() + offset, n)) return false;
        for (auto left = answer.between; left.count() > 0 && !ending; left -= std::chrono::milliseconds(5))
          std::this_thread::sleep_for(std::min(left, std::chrono::milliseconds(5)));
        return !ending;
      });
}

}  // namespace

TestServer::TestServer(Script script, const TestCertificate* certificate)
    : impl_(std::make_unique<Impl>()), tls_(certificate != nullptr) {
  if (tls_) {
    impl_->server = std::make_unique<httplib::SSLServer>(certificate->file().c_str(), certificate->key_file().c_str());
  } else {
    impl_->server = std::make_unique<httplib::Server>();
  }
  httplib::Server& server = *impl_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(16); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_timeout(1);
  server.Post(".*", [this, script = std::move(script)](const httplib::Request& request, httplib::Response& response) {
    const unsigned at_once = ++now_;
    for (unsigned most = most_; at_once > most && !most_.compare_exchange_weak(most, at_once);) {
    }
    const TestAnswer answer = script(seen(request, requests_++));
    for (auto left = answer.before; left.count() > 0 && !ending_; left -= std::chrono::milliseconds(5))
      std::this_thread::sleep_for(std::min(left, std::chrono::milliseconds(5)));
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.set_header(name.c_str(), value.c_str());
    if (answer.between.count() > 0 || answer.cut_after)
      send_in_pieces(response, answer, ending_);
    else
      response.set_content(answer.body, answer.content_type.c_str());
    --now_;
  });
  port_ = server.bind_to_any_port("127.0.0.1");
  if (port_ <= 0) {
    std::fputs("the test server does not start\n", stderr);
    std::abort();
  }
  thread_ = std::thread([this] { impl_->server->listen_after_bind(); });
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TestServer::~TestServer() {
  ending_ = true;
  impl_->server->stop();
  thread_.join();
}

std::string TestServer::url() const {
  return std::string(tls_ ? "https" : "http") + "://127.0.0.1:" + std::to_string(port_);
}

}  // namespace koan
