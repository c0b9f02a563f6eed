// RemoteModel against a server on this machine: replies, choices, cache, budget, transcript, concurrency.
#include "remote/remote_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "remote/test_remote.h"

namespace koan {
namespace {

using namespace std::chrono_literals;

TestServer::Script always(TestAnswer answer) { return in_turn({std::move(answer)}); }

std::map<std::string, std::string> headers_of(const SeenRequest& request) {
  return {request.headers.begin(), request.headers.end()};
}

TEST(RemoteModel, OpenAi) {
  SeenRequest seen;
  TestServer server([&](const SeenRequest& request) {
    seen = request;
    return openai_stream("Hello there");
  });
  const auto model = test_model(server, quick());
  const auto reply = model->reply(ask("Hi"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, "Hello there");
  EXPECT_EQ(reply->usage.output_tokens, 3u);
  EXPECT_FALSE(reply->cached);
  EXPECT_EQ(seen.path, "/v1/chat/completions");
  EXPECT_EQ(headers_of(seen).at("authorization"), std::string("Bearer ") + kTestKey);
  EXPECT_NE(seen.body.find(R"("stream":true)"), std::string::npos);
  EXPECT_EQ(model->name(), "openai:m@" + server.url() + "/v1");
  EXPECT_EQ(model->identity(), "");
}

TEST(RemoteModel, AServerThatDoesNotStream) {
  TestServer server(always(openai_whole("Hello")));
  EXPECT_EQ(test_model(server, quick())->reply(ask("Hi"))->text, "Hello");
}

TEST(RemoteModel, Anthropic) {
  SeenRequest seen;
  TestServer server([&](const SeenRequest& request) {
    seen = request;
    return anthropic_stream("Hello there");
  });
  const auto model = test_model(server, quick(), Endpoint::Kind::kAnthropic);
  const auto reply = model->reply(ask("Hi"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->text, "Hello there");
  EXPECT_EQ(reply->usage.input_tokens, 11u);
  EXPECT_EQ(seen.path, "/v1/messages");
  const auto headers = headers_of(seen);
  EXPECT_EQ(headers.at("x-api-key"), kTestKey);
  EXPECT_EQ(headers.at("anthropic-version"), "2023-06-01");
  EXPECT_EQ(headers.count("authorization"), 0u);
  EXPECT_EQ(model->choose(ask("Hi"), std::vector<std::string>{"a", "b"}).error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(server.requests(), 1u);
}

TEST(RemoteModel, RequestsThatNoServerTakesAreNotSent) {
  TestServer server(always(openai_stream("x")));
  const auto model = test_model(server, quick());
  const auto refused = [&](const ChatRequest& request) {
    const auto reply = model->reply(request);
    return !reply && reply.error().code == ErrorCode::kUsage;
  };
  ChatRequest request;
  EXPECT_TRUE(refused(request));
  request.messages = {{"system", "x"}};
  EXPECT_TRUE(refused(request));
  request.messages = {{"robot", "x"}};
  EXPECT_TRUE(refused(request));
  EXPECT_TRUE(refused(ask("\xFF")));
  request = ask("x");
  request.max_tokens = 0;
  EXPECT_TRUE(refused(request));
  request = ask("x");
  request.stop = {""};
  EXPECT_TRUE(refused(request));
  request = ask("x");
  request.temperature = -1;
  EXPECT_TRUE(refused(request));
  EXPECT_EQ(server.requests(), 0u);
}

TEST(RemoteModel, RepliesInTheOrderOfRequestsAndNeverTooManyAtOnce) {
  TestServer server([](const SeenRequest& request) {
    const auto json = JsonDocument::parse(request.body);
    TestAnswer answer = openai_stream(json["messages"][0]["content"].get<std::string>());
    answer.before = std::chrono::milliseconds(5 + 13 * request.number % 30);
    return answer;
  });
  Endpoint endpoint;
  endpoint.concurrency = 3;
  const auto model = test_model(server, quick(), Endpoint::Kind::kOpenAi, endpoint);
  std::vector<ChatRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(ask("number " + std::to_string(i)));
  const auto replies = model->replies(requests);
  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_EQ(replies->size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ((*replies)[static_cast<std::size_t>(i)].text, "number " + std::to_string(i));
  EXPECT_EQ(server.requests(), 20u);
  EXPECT_LE(server.most_at_once(), 3u);
  EXPECT_GE(server.most_at_once(), 2u);
  EXPECT_TRUE(model->replies({})->empty());
}

TEST(RemoteModel, Choices) {
  SeenRequest seen;
  TestAnswer answer = openai_whole("Yes", "length");
  answer.body.insert(
      answer.body.find(R"(,"finish_reason")"),
      R"(,"logprobs":{"content":[{"top_logprobs":[{"token":"Yes","logprob":-0.5},{"token":"No","logprob":-1.5}]}]})");
  TestServer server([&](const SeenRequest& request) {
    seen = request;
    return answer;
  });
  const auto model = test_model(server, quick());
  const auto scores = model->choose(ask("Is it?"), std::vector<std::string>{"Yes", "No"});
  ASSERT_TRUE(scores) << scores.error().message;
  EXPECT_NEAR((*scores)[0].bits, 0.5 / std::log(2.0), 1e-9);
  EXPECT_NEAR((*scores)[1].bits, 1.5 / std::log(2.0), 1e-9);
  const auto json = JsonDocument::parse(seen.body);
  EXPECT_EQ(json["top_logprobs"], 20);
  EXPECT_EQ(json["max_tokens"], 1);
  EXPECT_FALSE(json.contains("stream"));

  TestServer without(always(openai_whole("Yes")));
  EXPECT_EQ(test_model(without, quick())->choose(ask("Is it?"), std::vector<std::string>{"Yes", "No"}).error().code,
            ErrorCode::kNotSupported);
  EXPECT_EQ(model->choose(ask("Is it?"), std::vector<std::string>{"Yes", "Yes"}).error().code, ErrorCode::kUsage);
}

TEST(RemoteModel, TheSameRequestIsPaidForOnce) {
  const TestFolder folder;
  TestServer server(
      [](const SeenRequest& request) { return openai_stream("reply " + std::to_string(request.number)); });
  RemoteOptions options = quick();
  options.cache_folder = folder / "cache";
  options.budget = std::make_shared<Budget>(BudgetLimits{});
  ChatRequest request = ask("Hi");
  request.temperature = 1;
  const auto first = test_model(server, options)->replies(std::vector{request, request, request});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(server.requests(), 1u);
  EXPECT_FALSE((*first)[0].cached);
  EXPECT_TRUE((*first)[1].cached && (*first)[2].cached);
  EXPECT_EQ((*first)[2].text, "reply 0");
  EXPECT_EQ(options.budget->spent().tokens, 14u);
  // Another process, another key of the same account.
  options.key = "sk-another-key";
  const auto again = test_model(server, options)->reply(request);
  EXPECT_TRUE(again->cached);
  EXPECT_EQ(again->text, "reply 0");
  EXPECT_EQ(server.requests(), 1u);
  EXPECT_EQ(options.budget->spent().tokens, 14u);
  // Another seed is another draw; at temperature 0 nothing is drawn.
  request.seed = 1;
  EXPECT_EQ(test_model(server, options)->reply(request)->text, "reply 1");
  request.temperature = 0;
  EXPECT_EQ(test_model(server, options)->reply(request)->text, "reply 2");
  request.seed = 2;
  EXPECT_EQ(test_model(server, options)->reply(request)->text, "reply 2");
  // Without a cache every request is sent.
  options.cache_folder.clear();
  EXPECT_FALSE(test_model(server, options)->reply(request)->cached);
  EXPECT_EQ(server.requests(), 4u);
}

TEST(RemoteModel, SeedsTellRequestsApartWhereTheInterfaceHasNone) {
  const TestFolder folder;
  TestServer server(
      [](const SeenRequest& request) { return anthropic_stream("reply " + std::to_string(request.number)); });
  RemoteOptions options = quick();
  options.cache_folder = folder / "cache";
  const auto model = test_model(server, options, Endpoint::Kind::kAnthropic);
  ChatRequest request = ask("Hi");
  request.temperature = 1;
  EXPECT_EQ(model->reply(request)->text, "reply 0");
  request.seed = 1;
  EXPECT_EQ(model->reply(request)->text, "reply 1");
  request.seed = 0;
  EXPECT_EQ(model->reply(request)->text, "reply 0");
}

TEST(RemoteModel, ABudgetRefusesBeforeItCouldBeExceeded) {
  TestServer server(always(openai_stream("Hello")));
  const std::size_t body = 200;  // about
  RemoteOptions options = quick();
  options.budget = std::make_shared<Budget>(BudgetLimits{.tokens = 20, .money = {}});
  const auto refused = test_model(server, options)->reply(ask("Hi"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudget);
  EXPECT_EQ(server.requests(), 0u);
  // Each call reserves its bytes and 20 tokens, and costs 14.
  options.budget = std::make_shared<Budget>(BudgetLimits{.tokens = body + 20 + 14, .money = {}});
  const auto model = test_model(server, options);
  unsigned served = 0;
  while (model->reply(ask("Hi"))) ++served;
  EXPECT_GE(served, 1u);
  EXPECT_EQ(server.requests(), served);
  EXPECT_EQ(options.budget->spent().tokens, 14u * served);
  // Two models share one budget.
  EXPECT_EQ(test_model(server, options)->reply(ask("Hi")).error().code, ErrorCode::kBudget);
  EXPECT_EQ(server.requests(), served);
}

TEST(RemoteModel, WhatIsInFlightMayStillFreeABudget) {
  TestServer server(always(openai_stream("Hello")));
  RemoteOptions options = quick();
  options.budget =
      std::make_shared<Budget>(BudgetLimits{.tokens = 400, .money = {}});  // of two at once, not of one by one
  const auto replies = test_model(server, options)->replies(std::vector<ChatRequest>(5, ask("Hi")));
  ASSERT_TRUE(replies) << replies.error().message;
  EXPECT_EQ(options.budget->spent().tokens, 70u);
}

TEST(RemoteModel, ABudgetOfMoneyNeedsPrices) {
  TestServer server(always(openai_stream("Hello")));
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::kOpenAi;
  endpoint.model = "m";
  endpoint.url = server.url();
  RemoteOptions options = quick();
  options.budget = std::make_shared<Budget>(BudgetLimits{.tokens = {}, .money = 1});
  const auto refused = RemoteModel::create(complete_endpoint(endpoint).value(), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
  endpoint.prices = Prices{1000, 2000};  // a thousandth a token: 11 + 2 * 3 thousandths
  const auto model = test_model(server, options, Endpoint::Kind::kOpenAi, endpoint);
  ASSERT_TRUE(model->reply(ask("Hi")));
  EXPECT_EQ(options.budget->spent().nano, 17'000'000u);
  options.budget = std::make_shared<Budget>(BudgetLimits{.tokens = {}, .money = 0.04});
  EXPECT_EQ(test_model(server, options, Endpoint::Kind::kOpenAi, endpoint)->reply(ask("Hi")).error().code,
            ErrorCode::kBudget);
  EXPECT_EQ(server.requests(), 1u);
}

TEST(RemoteModel, Transcript) {
  const TestFolder folder;
  TestServer server(in_turn(
      {refusal(500, "server_error", "oops"), openai_stream("Hello"), refusal(400, "invalid_request_error", "no")}));
  RemoteOptions options = quick();
  options.cache_folder = folder / "cache";
  options.transcript = Transcript::open(folder / "t.jsonl").value();
  const auto model = test_model(server, options);
  ASSERT_TRUE(model->reply(ask("Hi")));
  ASSERT_TRUE(model->reply(ask("Hi")));
  ASSERT_FALSE(model->reply(ask("Ho")));
  std::istringstream lines(read_text(folder / "t.jsonl"));
  std::vector<JsonDocument> seen;
  for (std::string line; std::getline(lines, line);) seen.push_back(JsonDocument::parse(line));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0]["time"], "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(seen[0]["endpoint"], "openai:m@" + server.url() + "/v1");
  EXPECT_EQ(seen[0]["request"]["messages"][0]["content"], "Hi");
  EXPECT_EQ(seen[0]["reply"].dump(), R"({"text":"Hello","finish_reason":"end"})");
  EXPECT_EQ(seen[0]["usage"].dump(), R"({"input_tokens":11,"output_tokens":3})");
  EXPECT_EQ(seen[0]["attempts"], 2);
  EXPECT_EQ(seen[0]["cached"], false);
  EXPECT_TRUE(seen[0]["error"].is_null());
  EXPECT_EQ(seen[1]["cached"], true);
  EXPECT_EQ(seen[1]["attempts"], 0);
  EXPECT_EQ(seen[1]["reply"], seen[0]["reply"]);
  EXPECT_TRUE(seen[2]["reply"].is_null());
  EXPECT_EQ(seen[2]["error"], "HTTP 400 (invalid_request_error): no");
}

}  // namespace
}  // namespace koan
