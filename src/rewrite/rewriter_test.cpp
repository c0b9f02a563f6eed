#include "rewrite/rewriter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "codec/test_codec.h"

namespace koan {
namespace {

// Replies by what a request says; keeps what it was asked.
class Scripted final : public ChatModel {
 public:
  using Answer = std::function<std::string(const ChatRequest&)>;
  explicit Scripted(Answer answer) : answer_(std::move(answer)) {}
  const std::string& name() const noexcept override { return name_; }
  std::string identity() const override { return {}; }
  Result<std::vector<ChatReply>> replies(std::span<const ChatRequest> requests) override {
    std::vector<ChatReply> out;
    for (const ChatRequest& request : requests) {
      asked.push_back(request);
      out.push_back({answer_(request), FinishReason::kEnd, {10, 5}});
    }
    return out;
  }
  Result<std::vector<ChoiceScore>> choose(const ChatRequest&, std::span<const std::string>) override {
    return Error{ErrorCode::kNotSupported, "scripted"};
  }
  std::vector<ChatRequest> asked;

 private:
  Answer answer_;
  std::string name_ = "scripted";
};

const std::string kProblem = "A farm has 17 hens and 25 ducks. How many birds are there?";
const std::string kSolution =
    "To find the number of birds we add the hens and the ducks.\n17 + 25 = 42\nTherefore the answer is \\boxed{42}.";

class RewriterTest : public testing::Test {
 protected:
  // Rewrites come from `texts` in turn; the reader solves what contains "17+25".
  Result<RewriteOutcome> run(RewriteTask task, std::vector<std::string> texts) {
    std::size_t next = 0;
    writer = std::make_unique<Scripted>([&, texts](const ChatRequest&) { return texts[next++ % texts.size()]; });
    reader = std::make_unique<Scripted>([](const ChatRequest& request) {
      const std::string& said = request.messages[1].content;
      return said.find("17+25") != std::string::npos ? "It is \\boxed{42.0}" : "\\boxed{41}";
    });
    return Rewriter(*writer, reader.get(), meter, prompts).run(task);
  }
  static RewriteTask task(std::uint32_t count) { return {kProblem, kSolution, "", RewriteMethod::kAsk, count, 5}; }

  std::unique_ptr<Codec> codec = tiny_codec();
  CostMeter meter{*codec, {}, kProblem};
  RewritePrompts prompts = *parse_rewrite_prompts(rewrite_prompts_file());
  std::unique_ptr<Scripted> writer, reader;
};

TEST_F(RewriterTest, ChoosesTheFewestBitsOfThoseThatPass) {
  const auto out = run(task(4), {"hens and ducks 17+25, add them up", "17+25", "no", "birds: 17+25 in all"});
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->candidates.size(), 4u);
  EXPECT_EQ(out->answer, "42");
  EXPECT_EQ(out->candidates[2].kept, Kept::kNo);
  EXPECT_EQ(out->candidates[2].reader_answer, "41");
  EXPECT_LT(out->candidates[2].cost.bytes, out->candidates[1].cost.bytes) << "smaller, but useless";
  ASSERT_TRUE(out->chosen);
  EXPECT_EQ(*out->chosen, 1u);
  EXPECT_EQ(out->candidates[1].kept, Kept::kYes);
  EXPECT_EQ(out->without_rewrite, Kept::kNo);
  EXPECT_EQ(out->written.input_tokens, 40u);
  EXPECT_EQ(out->read.output_tokens, 25u) << "four candidates and the problem alone";
}

// Selection by ratio, as the paper's scripts do it, would take the other one.
TEST_F(RewriterTest, BitsDecideWhereRatioDisagrees) {
  std::string long_text = "17+25";
  for (int i = 0; i < 20; ++i) long_text += " and so on and so on";
  const std::string short_text = "sum 17+25, Q7x!";
  const auto out = run(task(2), {long_text, short_text});
  ASSERT_TRUE(out);
  const auto ratio = [](const RewriteCandidate& c) {
    return static_cast<double>(c.cost.bytes) / static_cast<double>(c.text.size());
  };
  const RewriteCandidate &verbose = out->candidates[0], &brief = out->candidates[1];
  ASSERT_LT(ratio(verbose), ratio(brief)) << "this test needs them to disagree";
  ASSERT_GT(verbose.cost.bits(), brief.cost.bits());
  EXPECT_EQ(out->chosen, 1u);
}

TEST_F(RewriterTest, NothingPasses) {
  const auto out = run(task(2), {"no", "neither"});
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->chosen);
}

TEST_F(RewriterTest, NothingIsSmaller) {
  const auto out = run(task(1), {kSolution + " 17+25 and much more text that nobody needs"});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->candidates[0].kept, Kept::kYes);
  EXPECT_FALSE(out->chosen);
}

TEST_F(RewriterTest, NobodySeesWhatItMustNot) {
  ASSERT_TRUE(run(task(1), {"17+25"}));
  ASSERT_EQ(writer->asked.size(), 1u);
  EXPECT_EQ(writer->asked[0].messages[1].content.find("42"), std::string::npos) << "the answer is hidden";
  EXPECT_NE(writer->asked[0].messages[1].content.find("17 + 25 = ???"), std::string::npos);
  for (const ChatRequest& request : reader->asked) {
    EXPECT_EQ(request.messages[1].content.find("Therefore"), std::string::npos) << "the reader has no original";
    EXPECT_EQ(request.messages[1].content.find("42"), std::string::npos);
  }
  EXPECT_EQ(reader->asked[1].messages[1].content.find("{{"), std::string::npos);
}

TEST_F(RewriterTest, SeedsAndTemperaturesOfManyCandidates) {
  ASSERT_TRUE(run(task(3), {"17+25"}));
  EXPECT_EQ(writer->asked[0].seed, 5u);
  EXPECT_EQ(writer->asked[2].seed, 7u);
  EXPECT_EQ(writer->asked[0].temperature, prompts.temperature_of_many);
  ASSERT_TRUE(run(task(1), {"17+25"}));
  EXPECT_EQ(writer->asked[0].temperature, prompts.ask.temperature);
}

TEST_F(RewriterTest, SolvesFirstWithoutAText) {
  RewriteTask t = task(1);
  t.text.clear();
  const auto out = run(t, {kSolution, "17+25"});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->original, kSolution);
  EXPECT_EQ(out->chosen, 0u);
}

TEST_F(RewriterTest, SingleRequestForSeveral) {
  RewriteTask t = task(3);
  t.method = RewriteMethod::kSingle;
  const auto out =
      run(t, {"Here they are.\n\n## Solution 1\n17+25\n\n**Solution 2:** by tens\n10+20, 7+5\n\nSolution 3\nno"});
  ASSERT_TRUE(out);
  ASSERT_EQ(writer->asked.size(), 1u);
  EXPECT_EQ(writer->asked[0].max_tokens, 3 * prompts.single.max_tokens);
  ASSERT_EQ(out->candidates.size(), 3u);
  EXPECT_EQ(out->candidates[0].text, "17+25");
  EXPECT_EQ(out->chosen, 0u);
}

TEST_F(RewriterTest, UncheckedWithoutAnAnswerOrAReader) {
  RewriteTask t = task(1);
  t.text = "Birds are hens and ducks, and there are quite a few of them on this farm, as one may see.";
  const auto out = run(t, {"hens, ducks"});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->candidates[0].kept, Kept::kUnchecked);
  EXPECT_EQ(out->chosen, 0u);
  EXPECT_TRUE(reader->asked.empty());
}

TEST_F(RewriterTest, BadTasks) {
  EXPECT_EQ(run(task(0), {""}).error().code, ErrorCode::kUsage);
  EXPECT_EQ(run(task(65), {""}).error().code, ErrorCode::kUsage);
  RewriteTask t = task(1);
  t.problem.clear();
  t.method = RewriteMethod::kSampling;
  EXPECT_EQ(run(t, {""}).error().code, ErrorCode::kUsage);
}

TEST(SplitSolutions, Headings) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(split_solutions("Solution 1\na\nb\nsolution 2.\nc"), (Texts{"a\nb", "c"}));
  EXPECT_EQ(split_solutions("### Solution 12: title\n\nx\n"), (Texts{"x"}));
  EXPECT_EQ(split_solutions("The solution 1 is here"), (Texts{"The solution 1 is here"}));
  EXPECT_EQ(split_solutions("Solution one\nx"), (Texts{"Solution one\nx"}));
  EXPECT_EQ(split_solutions("Solution 1\n\nSolution 2\n"), (Texts{"Solution 1\n\nSolution 2"}));
}

TEST(RewritePromptsFile, DamagedOnesNameTheKey) {
  const std::string good(rewrite_prompts_file());
  ASSERT_TRUE(parse_rewrite_prompts(good));
  EXPECT_FALSE(parse_rewrite_prompts(good.substr(0, good.size() / 2)));
  for (const char* key : {"\"read\"", "\"version\"", "\"temperature_of_many\"", "\"user\"", "\"max_tokens\""}) {
    std::string bad = good;
    bad.replace(bad.find(key), 3, "\"no");
    const auto parsed = parse_rewrite_prompts(bad);
    ASSERT_FALSE(parsed) << key;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace koan
