#include "ask/live_service.h"

#include <unistd.h>

#include <filesystem>

#include "ask/test_ask.h"

namespace koan::ask {
namespace {

class LiveServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/koan-live-" + std::to_string(::getpid()) + ".log";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  void open(std::uint64_t cap) {
    service_.reset();
    service_.emplace(FarSide(protocol("batch10"), &model_, 0), BitMeter::open(path_, {cap, {}}).value(),
                     LiveHooks{[this] { return day_; }, {}, [this](const Error&) { ++failures_; }});
  }
  LiveReply ask(const std::string& question, const std::string& client = "a") {
    return service_->decide(client, write_live_request({false, "Why?", "So.", {}, question}));
  }
  std::string word(const std::string& question) {
    const LiveReply reply = ask(question);
    return reply.status == 200 ? word_of_symbol(parse_live_reply(reply.body, false).value())
                               : std::to_string(reply.status);
  }
  std::uint64_t left() const { return BitMeter::open(path_, {100, {}}).value().left("a", day_); }

  std::string path_, day_ = "2026-11-26";
  std::size_t failures_ = 0;
  ScriptedChat model_{"far", "", [](const ChatRequest& r) -> std::string {
                        if (has(r, "Is the final answer of the attempt right")) return "INCORRECT";
                        if (!has(r, "Questions:")) return "My own solution.";
                        if (!has(r, "My own solution.")) return "I was not told my solution";
                        return has(r, "mumble") ? "Who knows" : has(r, "blue") ? "1. Yes" : "1. No";
                      }};
  std::optional<LiveService> service_;
};

TEST_F(LiveServiceTest, OneBitForAQuestionUntilTheCap) {
  open(2);
  EXPECT_EQ(word("Is it blue?"), "yes");
  EXPECT_EQ(word("Is it red?"), "no");
  EXPECT_EQ(model_.count, 3u);  // the solution once
  EXPECT_EQ(word("Is it new?"), "429");
  EXPECT_EQ(model_.count, 3u);  // not asked
  // What was answered is answered again, for nothing, also after a restart.
  EXPECT_EQ(word("Is it blue?"), "yes");
  open(2);
  EXPECT_EQ(word("Is it red?"), "no");
  EXPECT_EQ(word("Is it new?"), "429");
  EXPECT_EQ(model_.count, 3u);
  EXPECT_EQ(ask("Is it blue?", "b").status, 200);  // another client pays for itself
  EXPECT_EQ(model_.count, 5u);
  day_ = "2026-11-27";
  EXPECT_EQ(word("Is it new?"), "no");
}

TEST_F(LiveServiceTest, NoAnswerCostsNineBits) {
  open(100);
  EXPECT_EQ(word("Can you mumble?"), "none");
  EXPECT_EQ(model_.count, 3u);  // asked once more
  service_.reset();
  EXPECT_EQ(left(), 91u);
}

TEST_F(LiveServiceTest, NoAnswerThatCannotBePaidSpendsTheRest) {
  open(5);
  EXPECT_EQ(word("Can you mumble?"), "429");
  EXPECT_EQ(word("Is it blue?"), "429");
  service_.reset();
  EXPECT_EQ(left(), 95u);
}

TEST_F(LiveServiceTest, AFailureIsNoAnswer) {
  open(100);
  model_.limit = 1;
  EXPECT_EQ(word("Is it blue?"), "none");
  EXPECT_EQ(failures_, 1u);
  service_.reset();
  EXPECT_EQ(left(), 91u);
}

TEST_F(LiveServiceTest, AVerdictCostsABit) {
  open(1);
  const std::string request = write_live_request({true, "Why?", "So.", {}, ""});
  const LiveReply reply = service_->decide("a", request);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(parse_live_reply(reply.body, true).value(), kNo);
  EXPECT_EQ(word("Is it blue?"), "429");
}

TEST_F(LiveServiceTest, ErrorsAreTheSameWhateverWasAsked) {
  open(0);
  EXPECT_EQ(ask("Is it blue?").body, ask("Is it red?").body);
  EXPECT_EQ(service_->decide("a", "nonsense").status, 400);
  EXPECT_EQ(model_.count, 0u);
}

TEST_F(LiveServiceTest, AnExactModelAnswersByItsWeights) {
  ScriptedChat exact(
      "exact", std::string(64, 'a'), [](const ChatRequest&) { return "Mine."; },
      [](const ChatRequest& r, std::span<const std::string>) {
        return has(r, "Mine.") && has(r, "blue") ? std::vector<std::uint64_t>{2, 1} : std::vector<std::uint64_t>{1, 2};
      });
  FarSide far(protocol("batch10"), &exact, 7);
  EXPECT_EQ(far.decide({false, "Why?", "So.", {}, "Is it blue?"}).value(), kYes);
  EXPECT_EQ(far.decide({false, "Why?", "So.", {}, "Is it red?"}).value(), kNo);
  EXPECT_EQ(exact.count, 3u);
  EXPECT_EQ(exact.seen[0].max_tokens, 7u);
}

}  // namespace
}  // namespace koan::ask
