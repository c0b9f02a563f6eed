#include "runs/sample.h"

#include <gtest/gtest.h>

namespace koan::runs {
namespace {

Sample sample() {
  Sample out;
  out.key = {3, "qa", 1};
  out.id = "add/3";
  out.problem = "What is 30 + 7?";
  out.level = "easy";
  out.subject = "sums";
  out.doc_hash = "ab";
  out.target = "37";
  out.seed = 1000;
  out.text = "30 + 7\nAnswer: 37 \xC3\xA9";
  out.answer = "37";
  out.right = true;
  out.bits = 9.25;
  out.questions = 10;
  out.payload_bytes = 2;
  out.file_bytes = 25;
  out.answer_bits = 61.5;
  out.answer_tokens = 44;
  out.small = {{100, 20}, 1.5};
  out.large = {{50, 10}, 0.25};
  out.flop = 3e9;
  out.money = 0.002;
  return out;
}

TEST(Sample, ComesBackFromItsLine) {
  const std::string line = to_line(to_json(sample(), "additions"));
  const auto back = parse_sample(line);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_line(to_json(*back, "additions")), line);
  EXPECT_EQ(back->key, sample().key);
  EXPECT_EQ(back->text, sample().text);
  EXPECT_EQ(back->small.tokens.output_tokens, 20u);
}

TEST(Sample, HasTheMembersOfTheHarness) {
  const JsonDocument json = to_json(sample(), "additions");
  EXPECT_EQ(json.at("resps").dump(), "[[\"30 + 7\\nAnswer: 37 \xC3\xA9\"]]");
  EXPECT_EQ(json.at("filtered_resps").dump(), "[\"37\"]");
  EXPECT_EQ(json.at("acc"), 1);
  EXPECT_EQ(json.at("seconds"), 1.75);
  EXPECT_EQ(json.at("doc").at("id"), "add/3");
}

TEST(Sample, AFailedOneHasNoResult) {
  Sample failed = sample();
  failed.error = "HTTP 500";
  const JsonDocument json = to_json(failed, "additions");
  EXPECT_FALSE(json.contains("acc"));
  const auto back = parse_sample(to_line(json));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->error, "HTTP 500");
  EXPECT_FALSE(back->right);
}

TEST(Sample, AMissingMemberIsNamed) {
  const JsonDocument whole = to_json(sample(), "additions");
  for (const auto& [key, value] : whole.items()) {
    if (key == "task" || key == "seconds") continue;  // said elsewhere
    JsonDocument part = whole;
    part.erase(key);
    const auto back = parse_sample(to_line(part));
    ASSERT_FALSE(back) << key;
    EXPECT_NE(back.error().message.find("'" + key + "'"), std::string::npos) << back.error().message;
  }
  JsonDocument wrong = whole;
  wrong["usage"]["large"]["input"] = "many";
  EXPECT_NE(parse_sample(to_line(wrong)).error().message.find("usage.large.input"), std::string::npos);
  EXPECT_FALSE(parse_sample("[]"));
  EXPECT_FALSE(parse_sample("{\"doc_id\": -1"));
}

TEST(Sample, AnotherProblemHasAnotherHash) {
  tasks::Problem problem;
  problem.id = "a";
  problem.text = "b";
  const std::string hash = hash_of(problem);
  EXPECT_EQ(hash.size(), 64u);
  tasks::Problem other = problem;
  other.target.reference = "4";
  EXPECT_NE(hash_of(other), hash);
  other = problem;
  other.id = "ab";
  other.text = "";
  EXPECT_NE(hash_of(other), hash);
}

}  // namespace
}  // namespace koan::runs
