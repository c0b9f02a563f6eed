#include "report/report.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "report/answer_charts.h"
#include "report/assets.h"
#include "report/paper.h"
#include "report/sections.h"

namespace koan::report {
namespace {

constexpr const char* kEvil = "</script><script>alert(1)</script>";

JsonDocument arm(int correct, double bits) {
  const double share = correct / 10.0;
  return {{"n", 10}, {"correct", correct}, {"accuracy", {share, share - 0.1, share + 0.1}}, {"bits", bits}};
}

// Small 4 of 10, retry 6, QA 5, large 9: the control is ahead of the method.
JsonDocument results() {
  JsonDocument arms = {{"small", arm(4, 0)}, {"retry", arm(6, 0)}, {"qa", arm(5, 10)}, {"large", arm(9, 0)}};
  arms["qa"]["recovery_medium_hard"] = {0.2, 0.05, 0.4};
  arms["qa"]["mcnemar"] = {{"retry", {{"only_this", 1}, {"only_other", 2}, {"p", 0.75}}}};
  arms["small"]["mcnemar"] = {{"qa", {{"only_this", 3}, {"only_other", 4}, {"p", 0.5}}}};
  arms["qa"]["difficulty"] = {{"easy", {{"n", 4}, {"correct", 3}}}, {"hard", {{"n", 6}, {"correct", 2}}}};
  return {{"config", {{"seed", 7}, {"model", kEvil}}},
          {"koan",
           {{"version", 1},
            {"run", "abcdef0123"},
            {"task", "gsm8k"},
            {"problems", 10},
            {"small", "small"},
            {"large", "large"},
            {"gap", 0.5},
            {"arms", arms}}}};
}

JsonDocument sample(const char* name, int problem, bool right, const std::string& reply) {
  return {{"doc_id", problem},
          {"doc", {{"id", std::string("p").append(std::to_string(problem))}}},
          {"arm", name},
          {"trial", 0},
          {"target", "42"},
          {"resps", {{reply}}},
          {"filtered_resps", {"41"}},
          {"acc", right ? 1 : 0},
          {"bits", 10},
          {"answer_bits", 1000}};
}

class ReportFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "koan-report-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("results.json", results().dump());
    std::string lines;
    for (const JsonDocument& line :
         {sample("small", 0, false, "alone"), sample("qa", 0, true, kEvil), sample("large", 0, true, "strong"),
          sample("small", 1, true, "was right"), sample("qa", 1, false, "talked out of it"),
          sample("small", 2, true, "same"), sample("qa", 2, true, "same too")})
      lines += line.dump() + "\n";
    write("samples_gsm8k.jsonl", lines);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  std::string folder_;
};

TEST_F(ReportFiles, ARunIsReadAsItWasWritten) {
  const auto run = read_run(folder_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->task, "gsm8k");
  EXPECT_EQ(run->problems, 10u);
  ASSERT_EQ(run->arms.size(), 4u);
  const Arm* qa = run->find("qa");
  ASSERT_NE(qa, nullptr);
  EXPECT_DOUBLE_EQ(qa->accuracy.value, 0.5);
  EXPECT_DOUBLE_EQ(qa->recovery_medium_hard.high, 0.4);
  EXPECT_TRUE(std::isnan(qa->money));
  EXPECT_EQ(qa->difficulty.at("hard").correct, 2u);
  ASSERT_EQ(run->samples.size(), 7u);
  EXPECT_EQ(run->samples[1].reply, kEvil);
  EXPECT_EQ(run->hashes.size(), 2u);
  EXPECT_EQ(role_of(*run, "qa"), Role::kMethod);
  EXPECT_EQ(role_of(*run, "retry"), Role::kControl);
  EXPECT_EQ(role_of(*run, "large"), Role::kCeiling);
}

TEST_F(ReportFiles, ADamagedRunIsRefusedWithAPlace) {
  const std::string whole = results().dump();
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    write("results.json", whole.substr(0, i));
    const auto run = read_run(folder_);
    ASSERT_FALSE(run) << i;
    EXPECT_NE(run.error().message.find("results.json"), std::string::npos);
  }
  JsonDocument other = results();
  other["koan"]["version"] = 2;
  write("results.json", other.dump());
  EXPECT_EQ(read_run(folder_).error().code, ErrorCode::kNeedsVersion);
  write("results.json", R"({"results": {}})");
  EXPECT_EQ(read_run(folder_).error().code, ErrorCode::kCorrupt);
  // Members of other types are taken as missing, and nothing falls over.
  write(
      "results.json",
      R"({"config": 3, "koan": {"version": 1, "arms": {"a": {"accuracy": "x", "mcnemar": [1], "difficulty": {"easy": 4}, "n": -1}}, "task": null}})");
  EXPECT_TRUE(read_run(folder_));
  write("samples_gsm8k.jsonl", "{}\n{\"resps\": 3, \"doc\": 4, \"filtered_resps\": {}}\n");
  EXPECT_TRUE(read_run(folder_));
  write("samples_gsm8k.jsonl", "{}\n{\"a\": \n");
  EXPECT_NE(read_run(folder_).error().message.find("samples_gsm8k.jsonl:2"), std::string::npos);
}

TEST_F(ReportFiles, TheControlThatWinsIsListed) {
  Input input;
  ASSERT_TRUE(add_input(input, folder_));
  const auto comparisons = compare(input.runs);
  ASSERT_EQ(comparisons.size(), 2u);  // qa with retry and with small
  EXPECT_EQ(comparisons[0].control, "retry");
  EXPECT_TRUE(comparisons[0].control_ahead());
  EXPECT_DOUBLE_EQ(comparisons[0].pair.p, 0.75);
  EXPECT_EQ(comparisons[1].control, "small");
  EXPECT_DOUBLE_EQ(comparisons[1].pair.only_this, 4);  // turned around: it stands with the other arm
  EXPECT_FALSE(comparisons[1].control_ahead());
}

TEST_F(ReportFiles, ThePageHoldsWhatItMustAndNothingOfAModelIsCode) {
  Input input;
  ASSERT_TRUE(add_input(input, folder_));
  ASSERT_TRUE(add_input(input, std::string(KOAN_SOURCE_DIR) + "/bench/results/peers.csv"));
  const auto made = make_report(input, {});
  ASSERT_TRUE(made) << made.error().message;
  const std::string& html = made->html;
  for (const char* part : {"23.3% \u00b1 1.1", "20.0% (5.0 to 40.0)", "Where a control beats the method", "0.7500",
                           "1 won, 1 lost", "talked out of it"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find(kEvil), std::string::npos);
  EXPECT_NE(html.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_NE(html.find("Content-Security-Policy"), std::string::npos);
  EXPECT_NE(html.find("xz -9e"), std::string::npos);
  EXPECT_NE(made->json.find("\"control_ahead\":true"), std::string::npos);
  EXPECT_NE(made->arms_csv.find("\ngsm8k,abcdef0123,qa,method,10,5,0.5,"), std::string::npos) << made->arms_csv;
  EXPECT_EQ(make_report(input, {})->html, html);
}

TEST_F(ReportFiles, TheStrongAnswersTextIsAPointOfTheFrontier) {
  const auto run = read_run(folder_);
  ASSERT_TRUE(run);
  const auto points = sent_points(*run);
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points.back().name, "large's answer, lossless");
  EXPECT_DOUBLE_EQ(points.back().bits, 1000);
  EXPECT_DOUBLE_EQ(points.back().accuracy.value, 0.9);
}

TEST(Paper, IsInTheProgram) {
  const auto paper = read_paper(paper_file());
  ASSERT_TRUE(paper) << paper.error().message;
  EXPECT_EQ(paper->sets.size(), 8u);
  const PaperSet* set = paper->find("math_geometry");
  ASSERT_NE(set, nullptr);
  EXPECT_DOUBLE_EQ(set->medium_hard.qa.value, 37.3);
  EXPECT_DOUBLE_EQ(set->all.blc.deviation, 0.4);
  EXPECT_EQ(paper->find("nothing"), nullptr);
}

TEST(Assets, TheLibrariesUnpackAndCannotEndTheirElement) {
  const auto scripts = chart_scripts();
  ASSERT_EQ(scripts.size(), 4u);
  EXPECT_GT(scripts[0].size(), 400'000u);
  for (const std::string& script : scripts) {
    EXPECT_FALSE(script.empty());
    EXPECT_EQ(script.find("</script"), std::string::npos);
    EXPECT_EQ(script.find("<!--"), std::string::npos);
  }
}

TEST(Wilson, KnownValues) {
  const Interval i = interval_of({100, 50});
  EXPECT_NEAR(i.low, 0.4038, 1e-4);
  EXPECT_NEAR(i.high, 0.5962, 1e-4);
  EXPECT_DOUBLE_EQ(interval_of({5, 0}).low, 0);
  EXPECT_TRUE(std::isnan(interval_of({0, 0}).value));
}

}  // namespace
}  // namespace koan::report
