#include "runs/summary.h"

#include <gtest/gtest.h>

#include "runs/test_runs.h"

namespace koan::runs {
namespace {

class Summary : public ::testing::Test {
 protected:
  Summary() {
    config_.task.name = "additions";
    config_.arms = arms_named(std::vector<std::string>{"retry", "qa"}).value();
  }
  // Marks of the arms on the problems, trial after trial: "110" is right, right, wrong.
  void put(const std::string& arm, const std::vector<std::string>& trials) {
    config_.problems = additions(trials[0].size());
    config_.trials = static_cast<std::uint32_t>(trials.size());
    for (std::uint32_t trial = 0; trial < trials.size(); ++trial)
      for (std::size_t i = 0; i < trials[trial].size(); ++i) {
        Sample& sample = samples_.emplace_back();
        sample.key = {i, arm, trial};
        sample.right = trials[trial][i] == '1';
        sample.bits = arm == "qa" ? 8 : 0;
        sample.answer_bits = 40;
        sample.answer_tokens = 20;
      }
  }

  RunConfig config_;
  std::vector<Sample> samples_;
};

TEST_F(Summary, OfOneTrial) {
  put("small", {"1110000000"});
  put("retry", {"1100100000"});
  put("qa", {"0111110000"});
  put("large", {"1111111100"});
  const RunSummary summary = summarise(config_, samples_);
  EXPECT_EQ(summary.problems, 10u);
  EXPECT_EQ(summary.n_easy, 3u);
  EXPECT_EQ(summary.n_medium_hard, 5u);
  EXPECT_DOUBLE_EQ(summary.gap, 0.5);
  const ArmSummary& qa = *summary.find("qa");
  EXPECT_DOUBLE_EQ(qa.accuracy.value, 0.5);
  EXPECT_NEAR(qa.accuracy.low, 0.2365931, 1e-6);
  EXPECT_DOUBLE_EQ(*qa.recovery.value, 0.4);
  EXPECT_DOUBLE_EQ(qa.recovery_medium_hard.value, 0.6);
  EXPECT_DOUBLE_EQ(qa.harm.value, 1.0 / 3);
  EXPECT_EQ(qa.difficulty.at("easy").correct, 2u);
  EXPECT_EQ(qa.difficulty.at("medium").correct, 3u);
  EXPECT_EQ(qa.difficulty.at("medium").n, 5u);
  EXPECT_EQ(qa.difficulty.at("hard").n, 2u);
  EXPECT_EQ(qa.against.at("retry").only_this, 3u);
  EXPECT_EQ(qa.against.at("retry").only_other, 1u);
  EXPECT_DOUBLE_EQ(qa.against.at("retry").p, 0.625);
  EXPECT_DOUBLE_EQ(qa.means.bits, 8);
  EXPECT_NEAR(*qa.ratio_uniform, 8 / (20 * 16.6136), 1e-6);
  EXPECT_DOUBLE_EQ(*qa.ratio_coded, 0.2);
  EXPECT_DOUBLE_EQ(*summary.find("small")->recovery.value, 0);
  EXPECT_DOUBLE_EQ(*summary.find("large")->recovery.value, 1);
  EXPECT_EQ(summary.find("nobody"), nullptr);
}

// The interval is that of three problems, not of nine samples; what most trials say is what counts.
TEST_F(Summary, OfThreeTrials) {
  put("small", {"100", "100", "110"});
  put("retry", {"010", "010", "010"});
  put("qa", {"110", "010", "001"});
  put("large", {"111", "111", "110"});
  const RunSummary summary = summarise(config_, samples_);
  const ArmSummary& qa = *summary.find("qa");
  EXPECT_EQ(qa.n, 9u);
  EXPECT_EQ(qa.correct, 4u);
  EXPECT_DOUBLE_EQ(qa.accuracy.value, 4.0 / 9);
  EXPECT_NEAR(qa.accuracy.low, wilson(4.0 / 3, 3).low, 1e-12);
  EXPECT_EQ(qa.by_trial.size(), 3u);
  EXPECT_DOUBLE_EQ(qa.by_trial[0], 2.0 / 3);
  EXPECT_EQ(summary.n_easy, 1u);
  EXPECT_EQ(summary.n_medium_hard, 2u);
  EXPECT_DOUBLE_EQ(qa.recovery_medium_hard.value, 0.5);  // of 2/3 and 1/3
  EXPECT_NEAR(qa.harm.value, 2.0 / 3, 1e-12);
  EXPECT_EQ(qa.against.at("retry").only_this + qa.against.at("retry").only_other, 0u);
}

TEST_F(Summary, WhatIsNotDefinedIsNull) {
  put("small", {"00"});
  put("retry", {"01"});
  put("qa", {"00"});
  put("large", {"00"});
  const RunSummary summary = summarise(config_, samples_);
  const JsonDocument json = JsonDocument::parse(results_json(config_, JsonDocument::object(), summary));
  const JsonDocument& qa = json.at("koan").at("arms").at("qa");
  EXPECT_TRUE(qa.at("recovery").is_null());
  EXPECT_TRUE(qa.at("recovery_medium_hard").is_null());
  EXPECT_TRUE(qa.at("harm").is_null());
  EXPECT_EQ(qa.at("accuracy").at(0), 0.0);
  EXPECT_EQ(qa.at("difficulty").at("hard").at("n"), 2);
  EXPECT_EQ(json.at("results").at("additions/retry").at("acc,none"), 0.5);
  EXPECT_EQ(json.at("n-samples").at("additions/qa").at("original"), 2);
}

}  // namespace
}  // namespace koan::runs
