#include "eval/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "eval/test_results.h"

namespace koan {
namespace {

using Row = std::vector<std::string>;

Summary sample() { return summarise(sample_result(), sample_model(), {200, 1, 0.95}); }

std::size_t column(const TextTable& table, const std::string& name) {
  const Row& header = table.rows[0];
  const auto it = std::find(header.begin(), header.end(), name);
  EXPECT_NE(it, header.end()) << name;
  return static_cast<std::size_t>(it - header.begin());
}

void expect_rectangle(const TextTable& table) {
  ASSERT_FALSE(table.rows.empty()) << table.title;
  for (const Row& row : table.rows) EXPECT_EQ(row.size(), table.rows[0].size()) << table.title;
}

TEST(Tables, MainHasADomainARowAndAllOfThem) {
  const TextTable table = main_table(sample());
  expect_rectangle(table);
  ASSERT_EQ(table.rows.size(), 6u);
  EXPECT_EQ(table.rows[1][0], "chat");
  EXPECT_EQ(table.rows[5][0], "all domains");
  EXPECT_EQ(table.rows[1][column(table, "base")], "2.000");
  EXPECT_EQ(table.rows[1][column(table, "correct")], "1.000");
  EXPECT_EQ(table.rows[1][column(table, "avg wrong")], "2.000");
  EXPECT_EQ(table.rows[1][column(table, "worst wrong")], "2.400");
  EXPECT_EQ(table.rows[1][column(table, "all data")], "1.200");
  EXPECT_EQ(table.rows[1][column(table, "gain")], "2.00x");
  EXPECT_EQ(table.rows[1][column(table, "zstd+corpus")], "-");  // not measured
  EXPECT_EQ(table.rows[4][column(table, "correct")], "100.000");
  EXPECT_NE(table.notes.back().find("the model 5000"), std::string::npos) << table.notes.back();
}

TEST(Tables, ComparisonsHaveIntervalsAndNameTheBestWrongAdapter) {
  const TextTable table = comparison_table(sample());
  expect_rectangle(table);
  EXPECT_EQ(table.rows[1][column(table, "than all data")], "1.200x [1.034 1.429]");
  EXPECT_TRUE(table.rows[1][column(table, "than best wrong")].starts_with("1.600x ["));
  EXPECT_TRUE(table.rows[1][column(table, "than best wrong")].ends_with(" law"));
  EXPECT_EQ(table.rows[1][column(table, "clear wrong")], "2/2");
}

TEST(Tables, RoutingSaysHowOftenAndAtWhatCost) {
  const TextTable table = routing_table(sample());
  expect_rectangle(table);
  EXPECT_EQ(table.rows.size(), 3u);  // chat and code; law was not routed, so nothing is pooled
  EXPECT_EQ(table.rows[1][column(table, "by text")], "50%");
  EXPECT_EQ(table.rows[1][column(table, "by text") + 1].substr(0, 7), "+82.00%");  // 91 bytes rather than 50
  EXPECT_EQ(table.rows[1][column(table, "by trial")], "-");
}

TEST(Tables, EveryUnitAndEveryAdapter) {
  const Summary summary = sample();
  const TextTable units = unit_table(summary.domains[0]);
  expect_rectangle(units);
  EXPECT_EQ(units.rows.size(), 1 + summary.domains[0].figures.size());
  const auto base =
      std::find_if(units.rows.begin(), units.rows.end(), [](const Row& r) { return r[0] == "koan, base model"; });
  ASSERT_NE(base, units.rows.end());
  EXPECT_EQ(*base, (Row{"koan, base model", "100", "0.2500", "2.000 [1.600 3.200]", "0.6667", "2.000", "-", "-", "5000",
                        "0"}));

  const TextTable matrix = matrix_table(summary);
  expect_rectangle(matrix);
  EXPECT_EQ(matrix.rows[0], (Row{"domain", "base", "chat", "code", "law", "all"}));
  EXPECT_EQ(matrix.rows[1], (Row{"chat", "2.000", "*1.000*", "2.400", "1.600", "1.200"}));
  EXPECT_EQ(matrix.rows[4], (Row{"arena", "200.000", "*100.000*", "-", "-", "-"}));
}

TEST(Csv, HasALineForEachDomainAndConditionAndQuotesCells) {
  LosslessResult result = sample_result();
  result.domains[0].domain.kind = "so-called, \"natural\"";
  const Summary summary = summarise(result, sample_model(), {200, 1, 0.95});
  const std::string csv = to_csv(summary);
  std::size_t lines = 1 + summary.pooled.figures.size();
  for (const DomainSummary& domain : summary.domains) lines += domain.figures.size() + domain.matrix.size();
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')), lines);
  EXPECT_NE(
      csv.find(
          "\nchat,\"so-called, \"\"natural\"\"\",no,2,2,400,100,base,,100,0.25,2,1.6,3.2,0.666667,2,,,500,5000,0\n"),
      std::string::npos)
      << csv;
}

TEST(ResultsJson, HoldsFiguresIdentitiesAndEveryRecord) {
  const LosslessResult result = sample_result();
  ReportIdentity identity;
  identity.spec_name = "test";
  identity.koan_version = "1 abc";
  identity.training = {"--epochs", "2"};
  const auto json = nlohmann::json::parse(to_json(sample(), result, sample_model(), identity));
  EXPECT_EQ(json["koan"], "1 abc");
  EXPECT_EQ(json["model"]["sha256"], "0123");
  EXPECT_EQ(json["model"]["bytes"], 5000);
  EXPECT_EQ(json["adapters"][3]["name"], "all");
  EXPECT_EQ(json["adapters"][3]["bytes"], 120);
  EXPECT_EQ(json["training"][0], "--epochs");
  ASSERT_EQ(json["domains"].size(), 4u);
  EXPECT_EQ(json["domains"][0]["domain"], "chat");
  const std::vector<int> expected = {20, 28};
  EXPECT_EQ(json["records"][0]["conditions"]["adapter:chat"]["record_bytes"].get<std::vector<int>>(), expected);
}

}  // namespace
}  // namespace koan
