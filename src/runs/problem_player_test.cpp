#include "runs/problem_player.h"

#include <gtest/gtest.h>

#include "runs/test_runs.h"

namespace koan::runs {
namespace {

class ArmPlay : public ::testing::Test {
 protected:
  // The text that an arm comes to on a problem, or its error.
  Result<Played> play(const std::string& name, std::size_t index) {
    setup_ = world_.setup(folder_.path());
    std::filesystem::create_directories(folder_.path() + "/asks");
    crew_ = world_.crew();
    player_.emplace(setup_.config.rules, setup_.facts, crew_, setup_.config.problems[index], index);
    for (const Arm& arm : all_arms())
      if (arm.name == name) return player_->play(arm, 0, 0);
    return Error{ErrorCode::kUsage, name};
  }
  int answer(const std::string& name, std::size_t index) {
    const auto played = play(name, index);
    EXPECT_TRUE(played) << name << ": " << (played ? "" : played.error().message);
    return played ? number_after(played->text, "Answer: ") : -1;
  }

  TestFolder folder_;
  TestWorld world_;
  RunSetup setup_;
  Crew crew_;
  std::optional<ProblemPlayer> player_;
};

// Problem 3 is 30 + 7: the small model says 38, the large one 37. Problem 2 is 20 + 7: both say 27.
TEST_F(ArmPlay, DoWhatTheyAreNamedFor) {
  EXPECT_EQ(answer("small", 3), 38);
  EXPECT_EQ(answer("small", 2), 27);
  EXPECT_EQ(answer("large", 3), 37);
  EXPECT_EQ(answer("large", 5), 59);
  EXPECT_EQ(answer("retry", 3), 37);             // seed 1
  EXPECT_EQ(answer("self_consistency", 3), 38);  // the attempt and seeds 1..4: two of five are right
  EXPECT_EQ(answer("qa", 3), 37);
  EXPECT_EQ(answer("qa", 2), 27);
  EXPECT_EQ(answer("verdict", 3), 37);
  EXPECT_EQ(answer("verdict", 2), 27);
  EXPECT_EQ(answer("select", 3), 37);
  EXPECT_EQ(answer("blc", 3), 38);  // it trusts itself
  EXPECT_EQ(answer("constant_yes", 3), 38);
  EXPECT_EQ(answer("constant_no", 3), 37);
  EXPECT_EQ(answer("constant_no", 2), 28);  // and is told wrong things
  EXPECT_EQ(answer("oracle", 3), 37);
  EXPECT_EQ(answer("rewrite", 3), 37);
  EXPECT_EQ(answer("rewrite", 5), 59);
  EXPECT_EQ(answer("lossless", 5), 59);
}

TEST_F(ArmPlay, OnlyTheOracleKnowsTheReference) {
  // The large model believes in a wrong answer of its own, and does not when it is given the right one.
  EXPECT_EQ(answer("small", 5), 58);
  EXPECT_EQ(answer("qa", 5), 57);  // "No" is right, whatever its reason
  for (const Arm& arm : all_arms()) {
    ASSERT_TRUE(play(std::string(arm.name), 3)) << arm.name;
    bool told = false;
    for (ChatModel* model : {crew_.small.get(), crew_.large.get()})
      for (const ChatRequest& request : dynamic_cast<ask::ScriptedChat*>(model)->seen)
        told = told || ask::has(request, "Seven more than");
    EXPECT_EQ(told, arm.name.starts_with("oracle")) << arm.name;
  }
}

TEST_F(ArmPlay, BitsThatTellNothingAskNobody) {
  for (const char* name : {"random_bits", "constant_yes", "constant_no", "blc", "small", "retry", "self_consistency"}) {
    ASSERT_TRUE(play(name, 3)) << name;
    EXPECT_EQ(*world_.asked_large, 0u) << name;
  }
  for (const std::string hash : {kSmallHash, ""}) {
    world_.small_hash = hash;
    const auto played = play("random_bits", 3);
    ASSERT_TRUE(played);
    EXPECT_EQ(played->questions, 10u);
    EXPECT_GT(played->bits, 9.9);
  }
}

TEST_F(ArmPlay, BitsAreWhatTheProtocolCharges) {
  for (const char* name : {"small", "retry", "self_consistency"}) EXPECT_EQ(play(name, 3)->bits, 0) << name;
  const auto qa = play("qa", 3);
  EXPECT_EQ(qa->questions, 10u);
  EXPECT_GT(qa->bits, 5);
  EXPECT_LT(qa->bits, 20);
  EXPECT_LE(qa->payload_bytes, 3u);
  EXPECT_EQ(play("large", 3)->bits, 8.0 * answer_text(37).size());
  const auto lossless = play("lossless", 3);
  EXPECT_GT(lossless->bits, 0);
  EXPECT_LT(lossless->bits, 8.0 * answer_text(37).size());
  EXPECT_GE(8 * lossless->file_bytes, lossless->bits);
}

TEST_F(ArmPlay, AnAskFileIsKeptAndLeadsToTheSameAnswer) {
  const auto qa = play("qa", 3);
  EXPECT_EQ(std::filesystem::file_size(folder_.path() + "/asks/qa-3-0.kask"), qa->file_bytes);
  EXPECT_GT(qa->file_bytes, qa->payload_bytes);
  EXPECT_GT(play("qa_plus", 3)->file_bytes, 0u);
  world_.large_hash = "";
  EXPECT_GT(play("qa", 3)->file_bytes, 0u);
  EXPECT_EQ(play("qa_plus", 3)->file_bytes, 0u);  // a questioner that cannot be repeated
  world_.small_hash = "";
  EXPECT_EQ(play("qa", 3)->file_bytes, 0u);
}

// A small model that calls itself exact and is not: the receiver finds out.
TEST_F(ArmPlay, AnotherAnswerAtTheReceiverIsAnError) {
  setup_ = world_.setup(folder_.path());
  std::filesystem::create_directories(folder_.path() + "/asks");
  crew_ = world_.crew();
  int revisions = 0;
  crew_.small = std::make_unique<ask::ScriptedChat>(
      "small", kSmallHash,
      [&](const ChatRequest& request) {
        if (!ask::has(request, "An expert answered")) return small_reply(request);
        return answer_text(++revisions);
      },
      [](const ChatRequest&, std::span<const std::string> choices) {
        return std::vector<std::uint64_t>(choices.size(), 1);
      });
  ProblemPlayer player(setup_.config.rules, setup_.facts, crew_, setup_.config.problems[3], 3);
  const auto qa = arms_named(std::vector<std::string>{"qa"}).value()[1];
  const auto played = player.play(qa, 0, 0);
  ASSERT_FALSE(played);
  EXPECT_EQ(played.error().code, ErrorCode::kVerification);
}

TEST_F(ArmPlay, ShareTheFirstAttemptAndTheSolution) {
  ASSERT_TRUE(play("small", 3));
  const ChatRequest attempt = dynamic_cast<ask::ScriptedChat*>(crew_.small.get())->seen.at(0);
  for (const Arm& arm : all_arms()) {
    if (arm.kind != ArmKind::kProtocol) continue;
    ASSERT_TRUE(player_->play(arm, 0, 0)) << arm.name;
  }
  std::size_t same = 0;
  for (const ChatRequest& request : dynamic_cast<ask::ScriptedChat*>(crew_.small.get())->seen)
    same += request.messages.back().content == attempt.messages.back().content && request.temperature == 0 &&
                    request.max_tokens == attempt.max_tokens
                ? 1
                : 0;
  EXPECT_EQ(same, 2u);  // once at the sender, once at the receiver
}

// Each arm pays for all it needs, whether another arm has asked before or not.
TEST_F(ArmPlay, PayAsIfTheyWereAlone) {
  ASSERT_TRUE(play("qa", 3));
  const auto alone = player_->take_uses();
  ASSERT_TRUE(play("small", 3));
  ASSERT_TRUE(player_->large_answer(0, 0));
  player_->take_uses();
  const auto qa = arms_named(std::vector<std::string>{"qa"}).value()[1];
  ASSERT_TRUE(player_->play(qa, 0, 0));
  const auto together = player_->take_uses();
  EXPECT_EQ(alone.small.tokens.input_tokens, together.small.tokens.input_tokens);
  EXPECT_EQ(alone.large.tokens.input_tokens, together.large.tokens.input_tokens);
  EXPECT_EQ(alone.large.tokens.output_tokens, together.large.tokens.output_tokens);
  EXPECT_GT(together.large.tokens.input_tokens, 0u);
}

TEST_F(ArmPlay, ChosenNeedsASmallModelThatGivesWeights) {
  ASSERT_TRUE(play("chosen", 3));
  world_.small_hash = "";
  EXPECT_EQ(play("chosen", 3).error().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace koan::runs
