// RemoteModel and a server that does not behave: what is asked again, what is not, and that the key stays here.
#include <gtest/gtest.h>

#include "remote/test_remote.h"

namespace koan {
namespace {

using namespace std::chrono_literals;

struct Outcome {
  Result<ChatReply> reply;
  unsigned requests;
  std::vector<std::int64_t> slept;
  std::int64_t slept_total;
};

Outcome against(std::vector<TestAnswer> answers, Endpoint::Kind kind = Endpoint::Kind::kOpenAi, HttpOptions http = {}) {
  TestServer server(in_turn(std::move(answers)));
  TestClock clock;
  RemoteOptions options = quick(clock);
  options.http = http;
  auto reply = test_model(server, options, kind)->reply(ask("Hi"));
  return {std::move(reply), server.requests(), *clock.slept, clock.total()};
}

void expect_error(const Outcome& outcome, unsigned requests, const std::string& words) {
  ASSERT_FALSE(outcome.reply) << outcome.reply->text;
  EXPECT_EQ(outcome.reply.error().code, ErrorCode::kRemote);
  EXPECT_NE(outcome.reply.error().message.find(words), std::string::npos) << outcome.reply.error().message;
  EXPECT_EQ(outcome.requests, requests);
}

void expect_reply(const Outcome& outcome, unsigned requests, std::int64_t slept) {
  ASSERT_TRUE(outcome.reply) << outcome.reply.error().message;
  EXPECT_EQ(outcome.reply->text, "Hello");
  EXPECT_EQ(outcome.requests, requests);
  EXPECT_EQ(outcome.slept_total, slept);
}

TEST(RemoteTrouble, IsWaitedOut) {
  expect_reply(against({refusal(429, "rate_limit_error", "slow", {{"Retry-After", "7"}}), openai_stream("Hello")}), 2,
               7000);
  expect_reply(against({refusal(500, "server_error", "x"), refusal(503, "", ""), openai_stream("Hello")}), 3, 1500);
  expect_reply(against({refusal(529, "overloaded_error", "x"), anthropic_stream("Hello")}, Endpoint::Kind::kAnthropic),
               2, 500);
  expect_reply(against({{.body = R"({"error":{"code":502,"message":"Provider down"}})"}, openai_stream("Hello")}), 2,
               500);
  TestAnswer overloaded = anthropic_stream("Hel");
  overloaded.body = overloaded.body.substr(0, overloaded.body.find("event: content_block_stop")) +
                    anthropic_event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})");
  expect_reply(against({overloaded, anthropic_stream("Hello")}, Endpoint::Kind::kAnthropic), 2, 500);
}

TEST(RemoteTrouble, CutStreamsAreAskedForAgain) {
  TestAnswer broken = openai_stream("Hello");
  broken.cut_after = 150;  // the connection ends
  TestAnswer shortened = openai_stream("Hello");
  shortened.body.resize(150);  // the stream ends as if it were complete
  expect_reply(against({broken, shortened, openai_stream("Hello")}), 3, 1500);
  expect_error(against({broken}), 5, "(asked 5 times)");
}

TEST(RemoteTrouble, ASlowServerMissesADeadline) {
  TestAnswer slow = openai_stream("Hello");
  slow.between = 2s;
  expect_reply(against({slow, openai_stream("Hello")}, Endpoint::Kind::kOpenAi, {.stall = 60ms}), 2, 500);
  TestAnswer late = openai_stream("Hello");
  late.before = 2s;
  expect_reply(against({late, openai_stream("Hello")}, Endpoint::Kind::kOpenAi, {.total = 150ms}), 2, 500);
}

TEST(RemoteTrouble, WhatIsNotAskedAgain) {
  for (const int status : {400, 401, 403, 404, 413, 422})
    expect_error(against({refusal(status, "x_error", "not so")}), 1,
                 "HTTP " + std::to_string(status) + " (x_error): not so");
  expect_error(against({refusal(429, "insufficient_quota", "You exceeded your current quota", {{"Retry-After", "1"}})}),
               1, "insufficient_quota");
  expect_error(against({refusal(402, "", "Payment required", {{"x-should-retry", "true"}})}), 1, "HTTP 402");
  expect_error(
      against({refusal(400, "invalid_request_error", "Your credit balance is too low")}, Endpoint::Kind::kAnthropic), 1,
      "credit balance");
  expect_error(against({{.body = "<html>Welcome to the hotel's network</html>", .content_type = "text/html"}}), 1,
               "not JSON");
  expect_error(against({{.body = "data: nonsense\n\n", .content_type = "text/event-stream"}}), 1, "not JSON");
  expect_error(against({{.body = R"({"error":{"code":402,"message":"no credits"}})"}}), 1, "no credits");
  expect_error(against({openai_whole("x", "content_filter")}), 1, "content filter");
  expect_error(against({refusal(429, "rate_limit_error", "tomorrow", {{"Retry-After", "86400"}})}), 1, "tomorrow");
  expect_error(against({{.status = 307, .headers = {{"Location", "http://127.0.0.1:1/"}}}}), 1, "HTTP 307");
  TestAnswer endless = openai_stream(std::string(5000, 'x'));
  expect_error(against({endless}, Endpoint::Kind::kOpenAi, {.max_reply = 2000}), 1, "above 2000 bytes");
}

TEST(RemoteTrouble, GivesUpInTheEnd) {
  const Outcome outcome = against({refusal(503, "", "down")});
  expect_error(outcome, 5, "HTTP 503: down (asked 5 times)");
  EXPECT_EQ(outcome.slept_total, 500 + 1000 + 2000 + 4000);
}

TEST(RemoteTrouble, NobodyThereIsAskedAgain) {
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::kOpenAi;
  endpoint.name = endpoint.model = "m";
  {
    TestServer gone(in_turn({openai_stream("x")}));
    endpoint.url = gone.url();
  }
  TestClock clock;
  RemoteOptions options = quick(clock);
  options.budget = std::make_shared<Budget>(BudgetLimits{});
  const auto reply = RemoteModel::create(complete_endpoint(endpoint).value(), options).value()->reply(ask("Hi"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kRemote);
  EXPECT_EQ(clock.total(), 7500);
  EXPECT_EQ(options.budget->spent().tokens, 0u);  // it has seen nothing
}

TEST(RemoteTrouble, ACertificateThatIsNotTrustedEndsTheCall) {
  const TestCertificate right, other;
  TestServer server(in_turn({openai_stream("Hello")}), &right);
  Endpoint endpoint;
  endpoint.ca_file = other.file();
  const auto refused = test_model(server, quick(), Endpoint::Kind::kOpenAi, endpoint)->reply(ask("Hi"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRemote);
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("asked"), std::string::npos);
  EXPECT_EQ(server.requests(), 0u);
  endpoint.ca_file = right.file();
  EXPECT_EQ(test_model(server, quick(), Endpoint::Kind::kOpenAi, endpoint)->reply(ask("Hi"))->text, "Hello");
}

TEST(RemoteTrouble, WhatMayHaveBeenPaidForCounts) {
  TestAnswer broken = openai_stream("Hello");
  broken.cut_after = 150;
  TestServer server(in_turn({broken, refusal(500, "", ""), openai_stream("Hello")}));
  RemoteOptions options = quick();
  options.budget = std::make_shared<Budget>(BudgetLimits{});
  ASSERT_TRUE(test_model(server, options)->reply(ask("Hi")));
  // The cut one as much as it could have cost, the refused one nothing, the last what it says.
  const std::uint64_t body = options.budget->spent().tokens - 14 - 20;
  EXPECT_GT(body, 100u);
  EXPECT_LT(body, 250u);
}

TEST(RemoteTrouble, OneFailureEndsAllButLosesNothingPaid) {
  const TestFolder folder;
  TestServer server([](const SeenRequest& request) {
    if (request.body.find("bad") != std::string::npos) return refusal(400, "", "bad");
    TestAnswer answer = openai_stream("Hello");
    answer.before = 50ms;
    return answer;
  });
  RemoteOptions options = quick();
  options.cache_folder = folder / "cache";
  Endpoint endpoint;
  endpoint.concurrency = 2;
  const auto model = test_model(server, options, Endpoint::Kind::kOpenAi, endpoint);
  const auto failed = model->replies(std::vector{ask("good"), ask("bad"), ask("later"), ask("last")});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("HTTP 400"), std::string::npos);
  EXPECT_EQ(server.requests(), 2u);  // nothing began after the failure
  EXPECT_TRUE(model->reply(ask("good"))->cached);
}

TEST(RemoteTrouble, StopsWhenAsked) {
  const TestFolder folder;
  TestAnswer slow = openai_stream("Hello");
  slow.before = 5s;
  TestServer server(in_turn({slow}));
  std::atomic<bool> stop{false};
  RemoteOptions options = quick();
  options.transcript = Transcript::open(folder / "t.jsonl").value();
  options.http.stop = [&] { return stop.load() || server.requests() > 0; };
  const auto model = test_model(server, options);
  EXPECT_EQ(model->reply(ask("Hi")).error().code, ErrorCode::kCancelled);
  EXPECT_NE(read_text(folder / "t.jsonl").find("\"error\":\"given up: interrupted\""), std::string::npos);
  stop = true;
  EXPECT_EQ(model->reply(ask("Hi")).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(server.requests(), 1u);

  // While it waits to ask again.
  TestServer busy(in_turn({refusal(429, "", "", {{"Retry-After", "30"}})}));
  TestClock clock;
  options = quick(clock);
  options.http.stop = [&] { return clock.total() >= 1000; };
  EXPECT_EQ(test_model(busy, options)->reply(ask("Hi")).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(clock.total(), 1000);
}

// Servers repeat what they were sent. The key is then in their text, and nowhere behind it.
TEST(RemoteTrouble, TheKeyAppearsNowhere) {
  const TestFolder folder;
  const std::string key = kTestKey;
  std::string escaped;  // the same in the escapes of JSON
  for (const char c : key) {
    char code[8];
    std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
    escaped += code;
  }
  TestAnswer split = {.body = openai_chunk("the key " + key.substr(0, 9)) + openai_chunk(key.substr(9) + " is split") +
                              openai_chunk("", "\"stop\""),
                      .content_type = "text/event-stream"};
  TestAnswer coded = openai_whole("");
  coded.body.replace(coded.body.find("\"content\":\"\"") + 11, 0, "\\\"" + escaped + "\\\"");
  TestServer server(
      in_turn({refusal(401, "authentication_error", "Incorrect API key provided: " + key),
               split,
               coded,
               {.status = 403, .body = "Forbidden for Bearer " + key, .content_type = "text/plain"},
               {.status = 400, .body = R"({"error":{"type":")" + key + R"(","message":")" + escaped + "\"}}"}}));
  RemoteOptions options = quick();
  options.cache_folder = folder / "cache";
  options.transcript = Transcript::open(folder / "t.jsonl").value();
  const auto model = test_model(server, options);
  const auto refused = model->reply(ask("My key is " + key));
  EXPECT_EQ(refused.error().message.find(key), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("Incorrect API key provided: [key]"), std::string::npos);
  EXPECT_EQ(model->reply(ask("split"))->text, "the key [key] is split");
  EXPECT_EQ(model->reply(ask("coded"))->text, "\"[key]\"");
  EXPECT_EQ(model->reply(ask("plain")).error().message.find(key), std::string::npos);
  EXPECT_EQ(model->reply(ask("kind")).error().message.find(key), std::string::npos);
  unsigned files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / ".")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = read_text(entry.path());
    EXPECT_EQ(text.find(key), std::string::npos) << entry.path();
    EXPECT_EQ(text.find(key.substr(9)), std::string::npos) << entry.path();
    EXPECT_EQ(entry.path().string().find(key), std::string::npos);
  }
  EXPECT_EQ(files, 3u);  // the transcript and two replies
}

}  // namespace
}  // namespace koan
