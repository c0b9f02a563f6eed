// Certificates are verified, whatever a server says.
#include <gtest/gtest.h>

#include "http/client.h"
#include "http/test_server.h"

namespace koan {
namespace {

using namespace std::chrono_literals;

std::variant<HttpReply, HttpFailure> post(const std::string& url, const std::string& ca_file) {
  HttpOptions options;
  options.ca_file = ca_file;
  auto http = HttpClient::create(options).value();
  EXPECT_TRUE(http.start(1, {url, {{"Authorization", "Bearer secret"}}, "{}"}));
  return std::move(http.wait(20s).value().at(0).outcome);
}

void expect_untrusted(const std::string& url, const std::string& ca_file, const TestServer& server) {
  const auto outcome = post(url, ca_file);
  ASSERT_EQ(outcome.index(), 1u) << "answered with " << std::get<0>(outcome).status;
  EXPECT_EQ(std::get<1>(outcome).kind, HttpFailure::Kind::kUntrusted) << std::get<1>(outcome).message;
  EXPECT_EQ(server.requests(), 0u);  // the key has not left
}

TEST(Tls, OnlyWhatTheAuthorityVouchesFor) {
  const TestCertificate right, other, elsewhere("other.example");
  TestServer server([](const SeenRequest&) { return TestAnswer{.body = "{}"}; }, &right);
  expect_untrusted(server.url(), other.file(), server);
  expect_untrusted(server.url(), "", server);  // the system's authorities
  expect_untrusted(server.url(), "/nonexistent/ca.pem", server);
  const auto outcome = post(server.url(), right.file());
  ASSERT_EQ(outcome.index(), 0u) << std::get<1>(outcome).message;
  EXPECT_EQ(std::get<0>(outcome).status, 200);
  EXPECT_EQ(server.requests(), 1u);

  TestServer misnamed([](const SeenRequest&) { return TestAnswer{.body = "{}"}; }, &elsewhere);
  expect_untrusted(misnamed.url(), elsewhere.file(), misnamed);
}

TEST(Tls, APlainServerIsNotSpokenToInTheClear) {
  TestServer plain([](const SeenRequest&) { return TestAnswer{.body = "{}"}; });
  const auto outcome = post("https" + plain.url().substr(4), "");
  ASSERT_EQ(outcome.index(), 1u);
  EXPECT_EQ(plain.requests(), 0u);
}

}  // namespace
}  // namespace koan
