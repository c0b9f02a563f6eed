#include "ask/protocol.h"

#include "ask/test_ask.h"

namespace koan::ask {
namespace {

// Far-side models that write text, and a solver that gives weights.
class ProtocolTest : public testing::Test {
 protected:
  Protocol start(ProtocolData data, Settings settings = {}) {
    settings.problem = "What is 6 x 7?";
    if (data.gold) settings.gold = "GOLD";
    set_scores(cast_, &settings);
    return Protocol::create(std::move(data), std::move(settings)).value();
  }
  Exchange play(ProtocolData data, Settings settings = {}) {
    Protocol protocol = start(std::move(data), std::move(settings));
    const Status status = play_out(protocol, cast_, {});
    EXPECT_TRUE(status) << status.error().message;
    return protocol.exchange();
  }
  // The same decisions for the near side alone lead to the same answer.
  void expect_replay(const ProtocolData& data, const Exchange& sent) {
    const Bytes payload = encode_decisions(sent.decisions, data);
    DecisionReader reader(payload, data);
    Settings settings;
    settings.side = Side::kNear;
    settings.mode = reader.mode();
    const Cast near{{&solver_, &questioner_, nullptr, nullptr}};
    settings.problem = "What is 6 x 7?";
    set_scores(near, &settings);
    Protocol protocol = Protocol::create(data, settings).value();
    const Status status = play_out(protocol, near, {nullptr, &reader, {}, {}});
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(protocol.exchange().answer, sent.answer);
    EXPECT_EQ(protocol.exchange().attempts, sent.attempts);
  }

  std::string solve(const ChatRequest& request) {
    if (has(request, "these answers are all wrong")) return "Answer: 99";
    if (has(request, "Take every answer")) return "revised " + std::to_string(++revised_) + "\nAnswer: 42";
    return "attempt\nAnswer: " + std::to_string(40 + request.seed % 3);
  }
  std::size_t revised_ = 0;
  std::string questions_ = "1. Is it 41?\n2. Is it even?\n3. What is it?\n4. Is it even?";
  std::function<std::string(const ChatRequest&)> far_ = [](const ChatRequest& request) -> std::string {
    if (has(request, "Questions:")) return "1. No\n2. Yes\n3. Yes\n4. No\n5. Yes\n6. No\n7. Yes\n8. Yes\n9. No\n10. No";
    return "mine\nAnswer: 42";
  };
  std::function<std::string(const ChatRequest&)> judged_ = [](const ChatRequest&) { return "Score: 3"; };
  // Believes in yes three to one.
  std::function<std::vector<std::uint64_t>(const ChatRequest&)> believes_ = [](const ChatRequest&) {
    return std::vector<std::uint64_t>{3, 1};
  };

  ScriptedChat solver_{"solver", std::string(64, 'a'), [this](const ChatRequest& r) { return solve(r); },
                       [this](const ChatRequest& r, std::span<const std::string>) { return believes_(r); }};
  ScriptedChat questioner_{"questioner", std::string(64, 'b'), [this](const ChatRequest&) { return questions_; }};
  ScriptedChat answerer_{"answerer", "", [this](const ChatRequest& r) { return far_(r); }};
  ScriptedChat judge_{"judge", "", [this](const ChatRequest& r) { return judged_(r); }};
  const Cast cast_{{&solver_, &questioner_, &answerer_, &judge_}};
};

TEST_F(ProtocolTest, BatchOfTen) {
  const ProtocolData data = protocol("batch10");
  const Exchange out = play(data);
  EXPECT_EQ(out.answer, "revised 1\nAnswer: 42");
  ASSERT_EQ(out.asked.size(), 10u);
  // Not yes/no and repeats are dropped, standing questions fill up.
  EXPECT_EQ(out.asked[0].question, "Is it 41?");
  EXPECT_EQ(out.asked[1].question, "Is it even?");
  EXPECT_EQ(out.asked[2].question, data.prompts.standing[0]);
  EXPECT_EQ(out.asked[0].answer, false);
  EXPECT_EQ(out.asked[1].answer, true);
  EXPECT_EQ(out.decisions.size(), 10u);
  EXPECT_EQ(out.decisions[0].predicted, answer_frequencies(kCertain * 3 / 4, 256));
  revised_ = 0;
  expect_replay(data, out);
}

TEST_F(ProtocolTest, WhoSeesWhat) {
  play(protocol("batch10"));
  ASSERT_EQ(answerer_.seen.size(), 2u);
  EXPECT_FALSE(has(answerer_.seen[0], "Answer: 40"));  // solves it alone
  const ChatRequest& answering = answerer_.seen[1];
  for (const char* text : {"What is 6 x 7?", "mine\nAnswer: 42", "attempt\nAnswer: 40", "1. Is it 41?"})
    EXPECT_TRUE(has(answering, text)) << text;
  const ChatRequest& revising = solver_.seen.back();
  for (const char* text : {"What is 6 x 7?", "attempt\nAnswer: 40", "1. Is it 41? No\n2. Is it even? Yes"})
    EXPECT_TRUE(has(revising, text)) << text;
  for (const ChatRequest& request : solver_.seen) EXPECT_FALSE(has(request, "mine"));
  for (const ChatRequest& request : questioner_.seen) EXPECT_FALSE(has(request, "mine"));
}

TEST_F(ProtocolTest, GoldOnlyForTheOracle) {
  play(protocol("oracle10"));
  ASSERT_EQ(answerer_.seen.size(), 1u);  // has no need to solve
  EXPECT_TRUE(has(answerer_.seen[0], "GOLD"));
  for (const ChatRequest& request : solver_.seen) EXPECT_FALSE(has(request, "GOLD"));
  for (const ProtocolFile& file : protocol_files()) {
    Settings settings;
    settings.problem = "x";
    settings.gold = file.name == "oracle10" ? "" : "GOLD";
    set_scores(cast_, &settings);
    EXPECT_EQ(Protocol::create(protocol(file.name), settings).error().code, ErrorCode::kUsage) << file.name;
  }
}

TEST_F(ProtocolTest, MissingAnswersAreAskedAgainAndThenASymbolOfTheirOwn) {
  far_ = [](const ChatRequest& request) -> std::string {
    if (!has(request, "Questions:")) return "mine";
    if (!has(request, "in the form that was asked for")) return "1. Yes\n2. Unknown\n3. perhaps\n4. No";
    // The two that are missing, numbered anew.
    EXPECT_TRUE(has(request, "1. Is it even?"));
    return "1. No\n2. Not sure";
  };
  const ProtocolData data = protocol("batch10", [](ProtocolData& d) { d.per_round = 4; });
  const Exchange out = play(data);
  ASSERT_EQ(out.asked.size(), 4u);
  EXPECT_EQ(out.asked[0].answer, true);
  EXPECT_EQ(out.asked[1].answer, false);
  EXPECT_EQ(out.asked[2].answer, std::nullopt);
  EXPECT_EQ(out.asked[3].answer, false);
  EXPECT_EQ(out.decisions[2].symbol, kUnanswered);
  EXPECT_FALSE(has(solver_.seen.back(), out.asked[2].question));
  EXPECT_EQ(to_bits(cost_of(out.decisions[2].plain, kUnanswered)), 8.0);
  revised_ = 0;
  expect_replay(data, out);
}

TEST_F(ProtocolTest, ExactAnswererAnswersByWeights) {
  ScriptedChat exact{"exact", std::string(64, 'c'), [](const ChatRequest&) { return "mine"; },
                     [](const ChatRequest& request, std::span<const std::string> choices) {
                       EXPECT_EQ(choices.size(), 2u);
                       return std::vector<std::uint64_t>{has(request, "Is it even?") ? 5u : 1u, 5};
                     }};
  Settings settings;
  settings.problem = "x";
  const Cast cast{{&solver_, &questioner_, &exact, &exact}};
  set_scores(cast, &settings);
  Protocol played = Protocol::create(protocol("batch10"), settings).value();
  ASSERT_TRUE(play_out(played, cast, {}));
  EXPECT_EQ(played.exchange().asked[0].answer, false);
  EXPECT_EQ(played.exchange().asked[1].answer, true);  // equal weights
}

TEST_F(ProtocolTest, JudgeStopsAndTheBestAttemptIsKept) {
  const ProtocolData data = protocol("2x5");
  // Scores by attempt: 3, 6, 2: both rounds, and the one in the middle is kept.
  judged_ = [](const ChatRequest& request) -> std::string {
    return has(request, "revised 1") ? "6" : has(request, "revised 2") ? "I say 2/10" : "3";
  };
  Exchange out = play(data);
  EXPECT_EQ(out.attempts.size(), 3u);
  EXPECT_EQ(out.asked.size(), 10u);
  EXPECT_EQ(out.answer, "revised 1\nAnswer: 42");
  ASSERT_EQ(out.decisions.size(), 13u);
  EXPECT_EQ(out.decisions[0].what, "stop");
  EXPECT_EQ(out.decisions[12].what, "keep");
  EXPECT_EQ(out.decisions[12].symbol, 1u);
  EXPECT_EQ(judge_.count, 3u);  // each attempt once
  revised_ = 0;
  expect_replay(data, out);
  // Good enough at once: one bit-sized decision, nothing asked.
  judged_ = [](const ChatRequest&) { return "9"; };
  out = play(data);
  EXPECT_EQ(out.decisions.size(), 1u);
  EXPECT_TRUE(out.asked.empty());
  EXPECT_EQ(out.answer, "attempt\nAnswer: 40");
  expect_replay(data, out);
  // Good enough after the first round.
  revised_ = 0;
  judged_ = [](const ChatRequest& request) { return has(request, "revised 1") ? "7" : "1"; };
  out = play(data);
  EXPECT_EQ(out.asked.size(), 5u);
  EXPECT_EQ(out.answer, "revised 1\nAnswer: 42");
  // A judge that cannot be read is asked twice and counts as 1.
  revised_ = 0;
  judge_.count = 0;
  judged_ = [](const ChatRequest&) { return "great"; };
  out = play(data);
  EXPECT_EQ(out.answer, "attempt\nAnswer: 40");  // the first of equals
  EXPECT_EQ(judge_.count, 6u);
}

TEST_F(ProtocolTest, IterativeAsksOneByOneAndNeverTwice) {
  const Exchange out = play(protocol("iterative"));
  EXPECT_EQ(out.asked.size(), 10u);
  EXPECT_EQ(out.attempts.size(), 11u);
  EXPECT_EQ(out.decisions.size(), 21u);
  for (std::size_t i = 0; i < 10; ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(out.asked[i].question, out.asked[j].question);
  EXPECT_TRUE(has(questioner_.seen.back(), out.asked[8].question));
}

TEST_F(ProtocolTest, DemoStopsWhereTheAttemptIsRight) {
  const ProtocolData data = protocol("demo");
  std::string verdict = "CORRECT";
  far_ = [&](const ChatRequest& request) -> std::string {
    return has(request, "Questions:") ? "1. Yes" : has(request, "INCORRECT") ? verdict : "mine";
  };
  Exchange out = play(data);
  EXPECT_EQ(out.decisions.size(), 1u);
  EXPECT_EQ(out.answer, "attempt\nAnswer: 40");
  EXPECT_EQ(questioner_.count, 0u);
  expect_replay(data, out);
  for (const char* text : {"INCORRECT", "that is not correct", "who knows"}) {
    verdict = text;
    out = play(data);
    EXPECT_EQ(out.decisions.size(), 11u) << text;
    EXPECT_EQ(out.decisions[0].symbol, 1u) << text;
  }
}

TEST_F(ProtocolTest, SelectNamesACandidateByItsRank) {
  const ProtocolData data = protocol("select");
  std::string choice = "2";
  far_ = [&](const ChatRequest& request) -> std::string {
    if (!has(request, "Which of them")) return "mine";
    EXPECT_TRUE(has(request, "1. 40\n2. 41\n3. 42"));
    return choice;
  };
  Exchange out = play(data);  // seeds 0..7 give 40, 41, 42, 40 ...: three, three, two
  EXPECT_EQ(out.answer, "attempt\nAnswer: 41");
  ASSERT_EQ(out.decisions.size(), 1u);
  EXPECT_EQ(out.decisions[0].predicted, candidate_frequencies(std::vector<std::uint32_t>{3, 3, 2}, data.none));
  expect_replay(data, out);
  for (const char* text : {"NONE", "I cannot tell"}) {
    choice = text;
    out = play(data);
    EXPECT_EQ(out.answer, "Answer: 99");
    EXPECT_EQ(out.decisions[0].symbol, 3u);
    expect_replay(data, out);
  }
}

TEST_F(ProtocolTest, ChosenAsksWhatTellsAttemptsApart) {
  const ProtocolData data = protocol("chosen");
  // Attempts with seeds 0..3 say 40, 41, 42, 40. Only the second question tells them apart evenly.
  questions_ = "1. Is it 41?\n2. Is it above 40?\n3. Is it a number?";
  believes_ = [](const ChatRequest& request) -> std::vector<std::uint64_t> {
    const bool yes = has(request, "Is it above 40?") ? !has(request, "Answer: 40")
                     : has(request, "Is it 41?")     ? has(request, "Answer: 41")
                                                     : true;
    return yes ? std::vector<std::uint64_t>{99, 1} : std::vector<std::uint64_t>{1, 99};
  };
  far_ = [](const ChatRequest& request) -> std::string {
    if (has(request, "Is it above 40?")) return "Yes";
    return has(request, "Is it 41?") ? "1. No" : "mine";
  };
  const Exchange out = play(data);
  ASSERT_EQ(out.asked.size(), 2u);  // then nothing is worth a bit
  EXPECT_EQ(out.asked[0].question, "Is it above 40?");
  EXPECT_EQ(out.asked[1].question, "Is it 41?");
  EXPECT_TRUE(has(solver_.seen.back(), "Your attempt:\nattempt\nAnswer: 42"));
  EXPECT_EQ(out.answer, "revised 1\nAnswer: 42");
  revised_ = 0;
  expect_replay(data, out);
  // Where attempts agree, no bit is spent.
  believes_ = [](const ChatRequest&) { return std::vector<std::uint64_t>{99, 1}; };
  const Exchange none = play(data);
  EXPECT_TRUE(none.decisions.empty());
  EXPECT_EQ(none.answer, "attempt\nAnswer: 40");
  expect_replay(data, none);
}

TEST_F(ProtocolTest, WithoutWeightsEveryAnswerIsOneBitAndChosenIsRefused) {
  ScriptedChat remote{"remote", "", [this](const ChatRequest& r) { return solve(r); }};
  Settings settings;
  settings.problem = "x";
  const Cast cast{{&remote, &remote, &answerer_, &judge_}};
  set_scores(cast, &settings);
  Protocol played = Protocol::create(protocol("batch10"), settings).value();
  ASSERT_TRUE(play_out(played, cast, {}));
  for (const Decision& decision : played.exchange().decisions) EXPECT_EQ(decision.predicted, decision.plain);
  EXPECT_EQ(Protocol::create(protocol("chosen"), settings).error().code, ErrorCode::kNotSupported);
}

TEST_F(ProtocolTest, CapAndSeedReachTheRequests) {
  play(protocol("select"), {.seed = 100, .cap = 50});
  ASSERT_GE(solver_.seen.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(solver_.seen[i].seed, 100 + i);
    EXPECT_EQ(solver_.seen[i].max_tokens, 50u);
    EXPECT_EQ(solver_.seen[i].temperature, 0.7);
  }
}

TEST_F(ProtocolTest, WhatDoesNotFitIsRefused) {
  Protocol protocol = start(koan::ask::protocol("batch10"));
  EXPECT_EQ(protocol.give({}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(protocol.give({.texts = {"a", "b"}}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(protocol.give({.texts = {"\xFF"}}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(protocol.step().label, "attempt");
  EXPECT_TRUE(protocol.give({.texts = {"a"}}));
  EXPECT_EQ(protocol.step().label, "questions");
  Settings settings;
  EXPECT_EQ(Protocol::create(koan::ask::protocol("batch10"), settings).error().code, ErrorCode::kUsage);
  settings.problem = "\xFF";
  EXPECT_EQ(Protocol::create(koan::ask::protocol("batch10"), settings).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace koan::ask
