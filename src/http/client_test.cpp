#include "http/client.h"

#include <gtest/gtest.h>

#include <map>

#include "http/test_server.h"

namespace koan {
namespace {

using namespace std::chrono_literals;
using Kind = HttpFailure::Kind;

HttpClient client(HttpOptions options = {}) { return HttpClient::create(std::move(options)).value(); }

// The outcome of one request.
std::variant<HttpReply, HttpFailure> post(HttpClient& http, HttpRequest request) {
  EXPECT_TRUE(http.start(7, std::move(request)));
  auto done = http.wait(20s);
  if (!done || done->size() != 1 || (*done)[0].id != 7) {
    ADD_FAILURE() << "not one outcome";
    return HttpFailure{};
  }
  return std::move((*done)[0].outcome);
}

void expect_failure(const std::variant<HttpReply, HttpFailure>& outcome, Kind kind, const std::string& words) {
  ASSERT_EQ(outcome.index(), 1u) << std::get<0>(outcome).status;
  EXPECT_EQ(std::get<1>(outcome).kind, kind) << std::get<1>(outcome).message;
  EXPECT_NE(std::get<1>(outcome).message.find(words), std::string::npos) << std::get<1>(outcome).message;
}

TEST(HttpClient, SendsAndReceives) {
  SeenRequest got;
  TestServer server([&](const SeenRequest& request) {
    got = request;
    return TestAnswer{201, {{"X-Thing", "a: b"}}, "{\"x\":1}"};
  });
  auto http = client();
  const auto outcome = post(http, {server.url() + "/v1/x", {{"Authorization", "Bearer k"}}, "{\"a\":\"\xC3\xA9\"}"});
  ASSERT_EQ(outcome.index(), 0u);
  const HttpReply& reply = std::get<0>(outcome);
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "{\"x\":1}");
  ASSERT_NE(reply.header("x-thing"), nullptr);
  EXPECT_EQ(*reply.header("x-thing"), "a: b");
  EXPECT_EQ(reply.header("x-other"), nullptr);
  EXPECT_EQ(got.path, "/v1/x");
  EXPECT_EQ(got.body, "{\"a\":\"\xC3\xA9\"}");
  const std::map<std::string, std::string> headers(got.headers.begin(), got.headers.end());
  EXPECT_EQ(headers.at("authorization"), "Bearer k");
  EXPECT_EQ(headers.at("content-type"), "application/json");
  EXPECT_EQ(headers.count("expect"), 0u);
}

TEST(HttpClient, SeveralAtOnce) {
  TestServer server([](const SeenRequest& request) { return TestAnswer{.body = request.body, .before = 50ms}; });
  auto http = client();
  for (std::uint64_t id = 0; id < 6; ++id) ASSERT_TRUE(http.start(id, {server.url(), {}, std::to_string(id)}));
  std::map<std::uint64_t, std::string> got;
  while (http.in_flight() != 0) {
    auto done = http.wait(20s);
    ASSERT_TRUE(done);
    for (auto& one : *done) got[one.id] = std::get<0>(one.outcome).body;
  }
  EXPECT_EQ(got.size(), 6u);
  for (const auto& [id, body] : got) EXPECT_EQ(body, std::to_string(id));
  EXPECT_GT(server.most_at_once(), 1u);
  EXPECT_TRUE(http.wait(20s)->empty());  // at once: nothing is in flight
}

TEST(HttpClient, Deadlines) {
  TestServer slow([](const SeenRequest&) { return TestAnswer{.body = "{}", .before = 5s}; });
  auto hurried = client({.total = 60ms});
  expect_failure(post(hurried, {slow.url(), {}, "{}"}), Kind::kTimeout, "no complete reply within 0.06");

  TestServer stalls([](const SeenRequest&) { return TestAnswer{.body = "{}", .between = 5s}; });
  auto impatient = client({.stall = 60ms});
  expect_failure(post(impatient, {stalls.url(), {}, "{}"}), Kind::kTimeout, "the reply stopped: no byte within 0.06");

  // Bytes that keep coming are no stall, but the whole has its own deadline.
  TestServer drips([](const SeenRequest&) { return TestAnswer{.body = std::string(2000, 'x'), .between = 10ms}; });
  auto both = client({.total = 300ms, .stall = 150ms});
  expect_failure(post(both, {drips.url(), {}, "{}"}), Kind::kTimeout, "no complete reply within 0.3");
}

TEST(HttpClient, WhatBreaks) {
  std::string gone;
  {
    TestServer server([](const SeenRequest&) { return TestAnswer{}; });
    gone = server.url();
  }
  auto http = client({.max_reply = 1000});
  expect_failure(post(http, {gone, {}, "{}"}), Kind::kConnect, "");
  TestServer cuts([](const SeenRequest&) { return TestAnswer{.body = std::string(500, 'x'), .cut_after = 100}; });
  expect_failure(post(http, {cuts.url(), {}, "{}"}), Kind::kBroken, "");
  TestServer talks([](const SeenRequest&) { return TestAnswer{.body = std::string(1001, 'x')}; });
  expect_failure(post(http, {talks.url(), {}, "{}"}), Kind::kTooLarge, "above 1000 bytes");
  TestServer fits([](const SeenRequest&) { return TestAnswer{.body = std::string(1000, 'x')}; });
  EXPECT_EQ(std::get<0>(post(http, {fits.url(), {}, "{}"})).body.size(), 1000u);
  TestServer head([](const SeenRequest&) { return TestAnswer{.headers = {{"X-Long", std::string(7000, 'x')}}}; });
  EXPECT_EQ(std::get<0>(post(http, {head.url(), {}, "{}"})).header("x-long")->size(), 7000u);
  expect_failure(post(http, {"file:///etc/passwd", {}, "{}"}), Kind::kRequest, "");
}

TEST(HttpClient, FollowsNoRedirection) {
  TestServer other([](const SeenRequest&) { return TestAnswer{}; });
  TestServer server([&](const SeenRequest&) { return TestAnswer{307, {{"Location", other.url()}}, "{}"}; });
  auto http = client();
  EXPECT_EQ(std::get<0>(post(http, {server.url(), {{"Authorization", "Bearer k"}}, "{}"})).status, 307);
  EXPECT_EQ(other.requests(), 0u);
}

TEST(HttpClient, AHeaderIsOneLine) {
  auto http = client();
  EXPECT_FALSE(http.start(1, {"http://127.0.0.1:1", {{"X", "a\r\nY: b"}}, "{}"}));
  EXPECT_EQ(http.in_flight(), 0u);
}

TEST(HttpClient, StopsWhenAsked) {
  TestServer server([](const SeenRequest&) { return TestAnswer{.body = "{}", .before = 5s}; });
  std::atomic<bool> stop{false};
  auto http = client({.stop = [&] { return stop.load(); }});
  ASSERT_TRUE(http.start(1, {server.url(), {}, "{}"}));
  EXPECT_TRUE(http.wait(30ms)->empty());
  EXPECT_EQ(http.in_flight(), 1u);
  stop = true;
  const auto done = http.wait(20s);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(http.in_flight(), 0u);
}

}  // namespace
}  // namespace koan
