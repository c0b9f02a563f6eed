#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/client.h"
#include "http/test_certificate.h"

namespace koan {
namespace {

using namespace std::chrono_literals;

HttpServer::Handlers echo() {
  return {[](const ServedRequest& r) {
            return ServedReply{200, r.authorization + "|" + r.body};
          },
          [](int status) { return "refused " + std::to_string(status); }};
}

HttpServerOptions at_echo() {
  HttpServerOptions out;
  out.path = "/echo";
  return out;
}

HttpReply post(const std::string& url, const std::string& body, const std::string& ca_file = {},
               const std::string& type = {}) {
  HttpOptions options;
  options.ca_file = ca_file;
  auto http = HttpClient::create(options).value();
  HttpHeaders headers = {{"Authorization", "Bearer token"}};
  if (!type.empty()) headers.emplace_back("Content-Type", type);
  EXPECT_TRUE(http.start(1, {url, headers, body}));
  auto done = http.wait(20s).value();
  EXPECT_EQ(done.at(0).outcome.index(), 0u);
  return done.at(0).outcome.index() == 0 ? std::get<0>(done[0].outcome) : HttpReply();
}

TEST(HttpServer, AnswersPostsAndRefusesTheRest) {
  HttpServerOptions options = at_echo();
  options.max_body = 100;
  const auto server = HttpServer::start(options, echo()).value();
  const HttpReply reply = post(server.url() + "/echo", "{}");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "Bearer token|{}");
  for (const std::string& path : {std::string("/other"), std::string("/echo/"), "/" + std::string(8000, 'e')})
    EXPECT_EQ(post(server.url() + path, "{}").body, "refused 404");
  const HttpReply large = post(server.url() + "/echo", std::string(101, ' '));
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.body, "refused 413");
  EXPECT_EQ(post(server.url() + "/echo", std::string(100, ' ')).status, 200);
  EXPECT_EQ(post(server.url() + "/echo", "{}", {}, "text/plain").status, 415);
  EXPECT_EQ(post(server.url() + "/echo", "{}", {}, "multipart/form-data; boundary=x").status, 415);
}

TEST(HttpServer, TooManyAtOnceAreRefused) {
  std::atomic<unsigned> inside{0};
  std::atomic<bool> go{false};
  HttpServer::Handlers handlers = echo();
  handlers.post = [&](const ServedRequest&) {
    ++inside;
    while (!go) std::this_thread::sleep_for(1ms);
    return ServedReply{200, "{}"};
  };
  HttpServerOptions options = at_echo();
  options.at_once = 2;
  const auto server = HttpServer::start(options, handlers).value();
  std::vector<std::thread> waiting;
  for (int i = 0; i < 2; ++i) waiting.emplace_back([&] { EXPECT_EQ(post(server.url() + "/echo", "{}").status, 200); });
  for (int i = 0; i < 5000 && inside < 2; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(inside, 2u);
  EXPECT_EQ(post(server.url() + "/echo", "{}").status, 503);
  go = true;
  for (std::thread& one : waiting) one.join();
}

TEST(HttpServer, TlsOrThisMachine) {
  const TestCertificate certificate;
  HttpServerOptions options = at_echo();
  options.certificate = certificate.file();
  options.key = certificate.key_file();
  const auto server = HttpServer::start(options, echo()).value();
  ASSERT_TRUE(server.url().starts_with("https://127.0.0.1:"));
  EXPECT_EQ(post(server.url() + "/echo", "{}", certificate.file()).body, "Bearer token|{}");
  options.key = certificate.file();
  EXPECT_EQ(HttpServer::start(options, echo()).error().code, ErrorCode::kUsage);
  options.certificate = options.key = "";
  for (const char* address : {"0.0.0.0", "192.0.2.1", "example.com", "[::]"}) {
    options.address = address;
    const auto refused = HttpServer::start(options, echo());
    ASSERT_FALSE(refused) << address;
    EXPECT_NE(refused.error().message.find("in the clear"), std::string::npos);
  }
}

TEST(HttpServer, APortIsOneServers) {
  const auto first = HttpServer::start(at_echo(), echo()).value();
  EXPECT_TRUE(first.is_serving());
  HttpServerOptions options;
  options.port = std::stoi(first.url().substr(first.url().rfind(':') + 1));
  EXPECT_EQ(HttpServer::start(options, echo()).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace koan
