#include "ask/live_service.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "ask/test_ask.h"
#include "ask/test_full_disk.h"

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
    return service_->decide(client, write_live_request({false, "Why?", "So.", question}));
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

TEST_F(LiveServiceTest, NoBudgetAndASignalCostNothing) {
  open(1);
  model_.limit = 0;
  for (const ErrorCode code : {ErrorCode::kBudget, ErrorCode::kCancelled}) {
    model_.failure = code;
    EXPECT_EQ(word("Is it blue?"), "503");
  }
  model_.limit = SIZE_MAX;
  EXPECT_EQ(word("Is it blue?"), "yes");
}

TEST_F(LiveServiceTest, WhatCannotBeWrittenDownDoesNotLeave) {
  open(9);
  {
    const FullDisk full(0);
    EXPECT_EQ(word("Is it blue?"), "500");
  }
  EXPECT_EQ(word("Is it blue?"), "500");
  EXPECT_EQ(failures_, 2u);
  open(9);
  EXPECT_EQ(word("Is it blue?"), "yes");
}

TEST_F(LiveServiceTest, AVerdictCostsABit) {
  open(1);
  const std::string request = write_live_request({true, "Why?", "So.", ""});
  const LiveReply reply = service_->decide("a", request);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(parse_live_reply(reply.body, true).value(), kNo);
  EXPECT_EQ(word("Is it blue?"), "429");
}

// The far side of ask run, where both sides are here, says the same as a server that is asked for one decision at a
// time.
TEST_F(LiveServiceTest, AnswersAsWhereBothSidesAreHere) {
  const auto weights = [](const ChatRequest& r, std::span<const std::string>) {
    std::size_t sum = 0;
    for (const ChatMessage& message : r.messages) sum += message.content.size();
    return std::vector<std::uint64_t>{sum % 2 == 0 ? 100u : 1u, 10};
  };
  const auto text = [](const ChatRequest& r) -> std::string {
    if (has(r, "yes/no questions")) return "1. Is it red?\n2. Is it quite blue?\n3. Was it ever new?";
    return has(r, "Is it red? Yes") ? "It is red." : "So" + std::string(r.seed % 3, '.');
  };
  for (const char* name : {"batch10", "demo", "chosen"}) {
    ScriptedChat near("near", std::string(64, 'b'), text, weights), far("far", std::string(64, 'a'), text, weights);
    const auto play = [&](Settings settings, const PlayOptions& options) {
      settings.problem = "Why?";
      const Cast cast = {{&near, &near, &far, &far}};
      set_scores(cast, &settings);
      Protocol out = Protocol::create(protocol(name), settings).value();
      EXPECT_TRUE(play_out(out, cast, options));
      return out;
    };
    const Protocol both = play({}, {});
    std::filesystem::remove(path_);
    LiveService service(FarSide(protocol("batch10"), &far, 0), BitMeter::open(path_, {100, {}}).value(),
                        LiveHooks{[this] { return day_; }});
    PlayOptions options;
    options.ask_far = [&](const Protocol& p) {
      const FarQuestion asked = far_question(p);
      return parse_live_reply(service.decide("a", write_live_request(asked)).body, asked.is_verdict);
    };
    Settings settings;
    settings.side = Side::kNear;
    settings.mode = Mode::kPlain;
    settings.live = true;
    const Protocol live = play(settings, options);
    EXPECT_EQ(live.exchange().answer, both.exchange().answer) << name;
    ASSERT_EQ(live.exchange().decisions.size(), both.exchange().decisions.size()) << name;
    ASSERT_FALSE(live.exchange().decisions.empty()) << name;
    for (std::size_t i = 0; i < live.exchange().decisions.size(); ++i)
      EXPECT_EQ(live.exchange().decisions[i].symbol, both.exchange().decisions[i].symbol) << name << " " << i;
  }
}

TEST_F(LiveServiceTest, ClientsAtOnceAreMeteredExactly) {
  open(20);
  std::map<std::string, std::atomic<unsigned>> answered, refused;
  for (const char* client : {"a", "b"}) answered[client] = refused[client] = 0;
  std::vector<std::thread> threads;
  // Four threads a client; each two of them ask the same 15 questions: 30 that differ, for 20 bits.
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const std::string client = i < 4 ? "a" : "b";
      for (int q = 0; q < 15; ++q) {
        const int status = ask("Is it " + std::to_string(i % 2 * 15 + q) + "?", client).status;
        ++(status == 200 ? answered : refused).at(client);
        EXPECT_TRUE(status == 200 || status == 429) << status;
      }
    });
  for (std::thread& thread : threads) thread.join();
  service_.reset();
  std::ifstream file(path_);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::size_t complete = 0;
  std::map<std::string, std::uint64_t> bits;
  std::set<std::string> ids;
  const std::vector<Spending> entries = parse_ledger(text, &complete).value();
  for (const Spending& entry : entries) {
    bits[entry.client] += entry.bits;
    EXPECT_TRUE(ids.insert(entry.id).second) << "paid twice";
  }
  for (const char* client : {"a", "b"}) {
    EXPECT_EQ(bits[client], 20u);
    EXPECT_GE(answered[client], 20u);  // more where both that ask the same get the answer
    EXPECT_EQ(answered[client] + refused[client], 60u);
  }
}

TEST_F(LiveServiceTest, WhatIsWrongWithARequestIsSaidAndCostsNothing) {
  open(1);
  const LiveReply reply = service_->decide("a", R"({"version":1,"problem":"p","attempt":"","question":7})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("'question' is not a string"), std::string::npos) << reply.body;
  EXPECT_EQ(service_->decide("a", write_live_request({false, "Why?", "", "What is it?"})).status, 400);
  const LiveReply long_one = service_->decide("a", R"({"version":1,")" + std::string(100'000, 'k') + R"(":1})");
  EXPECT_EQ(long_one.status, 400);
  EXPECT_LT(long_one.body.size(), 400u);
  EXPECT_EQ(model_.count, 0u);
  EXPECT_EQ(word("Is it blue?"), "yes");
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
  EXPECT_EQ(far.decide({false, "Why?", "So.", "Is it blue?"}).value(), kYes);
  EXPECT_EQ(far.decide({false, "Why?", "So.", "Is it red?"}).value(), kNo);
  EXPECT_EQ(exact.count, 3u);
  EXPECT_EQ(exact.seen[0].max_tokens, 7u);
}

}  // namespace
}  // namespace koan::ask
