#include "runs/use.h"

#include <gtest/gtest.h>

#include "ask/test_ask.h"

namespace koan::runs {
namespace {

ChatRequest request(const std::string& text, double temperature = 0, std::uint64_t seed = 0) {
  ChatRequest out;
  out.messages = {{"user", text}};
  out.temperature = temperature;
  out.seed = seed;
  return out;
}

class RememberingTest : public ::testing::Test {
 protected:
  double now_ = 0;
  ask::ScriptedChat inner_{"m", "",
                           [this](const ChatRequest& r) {
                             now_ += 2;
                             return r.messages[0].content + std::to_string(r.seed);
                           },
                           [](const ChatRequest&, std::span<const std::string> choices) {
                             return std::vector<std::uint64_t>(choices.size(), 5);
                           }};
  ModelFacts facts_{.parameters = 10, .prices = Prices{2, 4}, .count_tokens = [](const ChatRequest&) { return 7; }};
  Remembering::Clock clock_ = [this] { return now_; };
  Remembering model_{inner_, facts_, clock_};
};

TEST_F(RememberingTest, AsksOnce) {
  EXPECT_EQ(model_.reply(request("a"))->text, "a0");
  EXPECT_EQ(model_.reply(request("a"))->text, "a0");
  EXPECT_EQ(model_.reply(request("a", 0, 9))->text, "a0");  // nothing is drawn
  EXPECT_EQ(inner_.count, 1u);
  EXPECT_EQ(model_.reply(request("a", 0.5, 9))->text, "a9");
  EXPECT_EQ(model_.reply(request("a", 0.5, 8))->text, "a8");
  EXPECT_EQ(inner_.count, 3u);
  const std::vector<ChatRequest> all = {request("b"), request("a"), request("b"), request("c")};
  const auto replies = model_.replies(all).value();
  EXPECT_EQ(inner_.count, 5u);
  EXPECT_EQ(replies[0].text + replies[1].text + replies[2].text + replies[3].text, "b0a0b0c0");
}

TEST_F(RememberingTest, WhatFailedIsAskedAgain) {
  inner_.limit = 0;
  EXPECT_FALSE(model_.reply(request("a")));
  inner_.limit = 9;
  EXPECT_EQ(model_.reply(request("a"))->text, "a0");
}

TEST_F(RememberingTest, CountsWhatIsRememberedToo) {
  ASSERT_TRUE(model_.reply(request("a")));
  const Use first = model_.take_use();
  EXPECT_EQ(first.tokens.input_tokens, 1u);
  EXPECT_EQ(first.seconds, 2);
  EXPECT_EQ(model_.take_use().tokens.input_tokens, 0u);
  ASSERT_TRUE(model_.reply(request("a")));
  EXPECT_EQ(model_.take_use().seconds, 2);
  const std::vector<std::string> choices = {"Yes", "No"};
  ASSERT_TRUE(model_.choose(request("a"), choices));
  ASSERT_TRUE(model_.choose(request("a"), choices));
  EXPECT_EQ(inner_.count, 2u);
  const Use use = model_.take_use();
  EXPECT_EQ(use.tokens.input_tokens, 14u);
  EXPECT_EQ(flop_of(use, facts_), 2 * 10 * 14);
  EXPECT_DOUBLE_EQ(money_of({{1000, 100}, 0}, facts_), 2400e-6);
}

}  // namespace
}  // namespace koan::runs
