#include "grade/judge.h"

#include <gtest/gtest.h>

namespace koan::grade {
namespace {

class ScriptedJudge final : public ChatModel {
 public:
  explicit ScriptedJudge(std::string says) : says_(std::move(says)) {}
  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return ""; }
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override {
    std::vector<ChatReply> out;
    for (const ChatRequest& request : requests) {
      asked.push_back(request);
      ChatReply reply;
      reply.text = says_;
      out.push_back(reply);
    }
    return out;
  }
  Result<std::vector<ChoiceScore>> choose(const ChatRequest&, std::span<const std::string>) override {
    return Error{ErrorCode::kNotSupported, "cannot choose"};
  }
  std::vector<ChatRequest> asked;

 private:
  std::string name_ = "judge", says_;
};

Target free_form() {
  Target out;
  out.kind = Kind::kJudge;
  out.question = "What is it?";
  out.reference = "a ring";
  return out;
}

Result<Grade> graded(ScriptedJudge& judge, std::string_view reply) {
  Means means;
  means.judge = &judge;
  return grade(free_form(), reply, means);
}

// Q12: the paper's judge looks for CORRECT, which INCORRECT contains.
TEST(Judge, IncorrectIsNotCorrect) {
  ScriptedJudge right("CORRECT"), wrong("INCORRECT"), vague("I think CORRECT");
  EXPECT_TRUE(graded(right, "A ring.\nAnswer: a ring")->right);
  EXPECT_FALSE(graded(wrong, "Answer: a wheel")->right);
  EXPECT_EQ(graded(wrong, "Answer: a wheel")->why, "judged wrong");
  EXPECT_FALSE(graded(vague, "Answer: a ring")->right);
  EXPECT_EQ(graded(vague, "Answer: a ring")->why, "the judge gave no verdict: I think CORRECT");
}

// Q12: callers swapped the right answer and the reply.
TEST(Judge, IsToldWhichIsWhich) {
  ScriptedJudge judge("CORRECT");
  ASSERT_TRUE(graded(judge, "<think>hm</think>Answer: a wheel"));
  ASSERT_EQ(judge.asked.size(), 1u);
  const std::string& user = judge.asked[0].messages[1].content;
  EXPECT_NE(user.find("Right answer:\na ring"), std::string::npos);
  EXPECT_NE(user.find("==========\nAnswer: a wheel\n=========="), std::string::npos);
  EXPECT_NE(user.find("What is it?"), std::string::npos);
  EXPECT_EQ(judge.asked[0].temperature, 0);
}

TEST(Judge, IsNotAskedAboutNothing) {
  ScriptedJudge judge("CORRECT");
  const auto empty = graded(judge, "<think>and");
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->right);
  EXPECT_EQ(empty->why, "no answer");
  EXPECT_TRUE(judge.asked.empty());
}

TEST(Judge, DamagedPromptsNameTheKey) {
  ASSERT_TRUE(parse_judge_prompt(judge_prompt_file()));
  const auto broken = parse_judge_prompt(R"({"name": "judge", "version": 1, "system": "x"})");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("'user' is missing"), std::string::npos);
}

}  // namespace
}  // namespace koan::grade
