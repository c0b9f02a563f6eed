#include "eval/summary.h"

#include <gtest/gtest.h>

#include "eval/test_results.h"

namespace koan {
namespace {

const BootstrapSettings kSettings{400, 1, 0.95};

Summary sample() { return summarise(sample_result(), sample_model(), kSettings); }

TEST(Summary, ThreeUnitsOfOneFigure) {
  const Summary summary = sample();
  const DomainSummary& chat = summary.domains[0];
  EXPECT_EQ(chat.records, 2u);
  EXPECT_EQ(chat.groups, 2u);
  EXPECT_EQ(chat.text_bytes, 400u);
  EXPECT_EQ(chat.tokens, 100u);
  const Figure* base = chat.find("base");
  ASSERT_NE(base, nullptr);
  EXPECT_DOUBLE_EQ(base->coded_bytes, 100);
  EXPECT_DOUBLE_EQ(base->coded_over_raw, 0.25);
  EXPECT_DOUBLE_EQ(base->bits_per_byte, 2);
  EXPECT_DOUBLE_EQ(base->bits_per_token_log2v, 800 / (100 * 12.0));  // 2^12 tokens
  EXPECT_EQ(base->model_bytes, 5000);
  EXPECT_EQ(base->side_bytes, 0);
  EXPECT_LE(base->interval.low, 2);
  EXPECT_GE(base->interval.high, 2);
  // Two groups of 3.2 and 1.6 bits a byte: nothing lies outside.
  EXPECT_DOUBLE_EQ(base->interval.low, 1.6);
  EXPECT_DOUBLE_EQ(base->interval.high, 3.2);
}

TEST(Summary, WhatTheFileChargesForAllIsCharged) {
  const Summary summary = sample();
  const Figure* correct = summary.domains[0].find("correct");
  ASSERT_NE(correct, nullptr);
  EXPECT_EQ(correct->adapter, "chat");
  EXPECT_DOUBLE_EQ(correct->coded_bytes, 50);
  EXPECT_DOUBLE_EQ(correct->bits_per_byte, 1);
  EXPECT_DOUBLE_EQ(correct->streams_bits_per_byte, 0.96);
  EXPECT_EQ(correct->side_bytes, 90);
}

TEST(Summary, RivalsNeedNoModel) {
  const Summary summary = sample();
  const Figure* gzip = summary.domains[0].find("gzip");
  ASSERT_NE(gzip, nullptr);
  EXPECT_DOUBLE_EQ(gzip->bits_per_byte, 4);
  EXPECT_DOUBLE_EQ(*gzip->joined_bits_per_byte, 3);
  EXPECT_DOUBLE_EQ(*gzip->file_bytes, 180);
  EXPECT_EQ(gzip->model_bytes, 0);
}

TEST(Summary, WrongAdaptersAreThoseOfOtherDomainsAndNotTheControl) {
  const Summary summary = sample();
  const DomainSummary& chat = summary.domains[0];
  EXPECT_DOUBLE_EQ(chat.find("wrong_mean")->coded_bytes, 100);
  EXPECT_DOUBLE_EQ(chat.find("wrong_worst")->coded_bytes, 120);
  EXPECT_EQ(chat.find("wrong_worst")->adapter, "code");
  EXPECT_DOUBLE_EQ(chat.find("wrong_best")->coded_bytes, 80);
  EXPECT_EQ(chat.find("wrong_best")->adapter, "law");
  EXPECT_DOUBLE_EQ(chat.find("all")->coded_bytes, 60);
  EXPECT_EQ(chat.matrix.size(), 4u);
  ASSERT_EQ(chat.against_wrong.size(), 2u);
  EXPECT_EQ(chat.against_wrong[0].adapter, "code");
  EXPECT_DOUBLE_EQ(chat.against_wrong[0].factor, 2.4);
}

TEST(Summary, ComparisonsArePairedByRecord) {
  const Summary summary = sample();
  const DomainSummary& chat = summary.domains[0];
  EXPECT_DOUBLE_EQ(chat.compare("correct", "base")->factor, 2);
  EXPECT_DOUBLE_EQ(chat.compare("correct", "all")->factor, 1.2);
  EXPECT_DOUBLE_EQ(chat.compare("correct", "wrong_best")->factor, 1.6);
  EXPECT_TRUE(chat.compare("correct", "base")->is_clear());
  // 30 / 21 for one group and 30 / 29 for the other.
  EXPECT_DOUBLE_EQ(chat.compare("correct", "all")->interval.low, 30.0 / 29);
  EXPECT_DOUBLE_EQ(chat.compare("correct", "all")->interval.high, 30.0 / 21);
  // Every record of law is twice as small: that is certain, whatever is drawn.
  const Comparison* law = summary.domains[2].compare("correct", "base");
  ASSERT_NE(law, nullptr);
  EXPECT_DOUBLE_EQ(law->interval.low, 2);
  EXPECT_DOUBLE_EQ(law->interval.high, 2);
  EXPECT_EQ(chat.compare("correct", "no such"), nullptr);
}

TEST(Summary, RoutingCountsTheRecordsThatGotTheirAdapter) {
  const Summary summary = sample();
  ASSERT_EQ(summary.domains[0].routing.size(), 1u);
  const RoutingSummary& chat = summary.domains[0].routing[0];
  EXPECT_EQ(chat.condition, "route:text");
  EXPECT_EQ(chat.records, 2u);
  EXPECT_EQ(chat.right, 1u);
  EXPECT_EQ(chat.with_context, 1u);
  EXPECT_EQ(chat.right_with_context, 1u);
  EXPECT_EQ(chat.chosen.at("code"), 1u);
  const RoutingSummary& code = summary.domains[1].routing[0];
  EXPECT_EQ(code.right, 1u);
  EXPECT_EQ(code.right_with_context, 0u);
}

TEST(Summary, PoolsTheDomainsThatHaveAnAdapter) {
  const Summary summary = sample();
  ASSERT_EQ(summary.domains.size(), 4u);
  const DomainSummary& pooled = summary.pooled;
  EXPECT_EQ(pooled.text_bytes, 1200u);  // without arena
  EXPECT_EQ(pooled.groups, 6u);
  EXPECT_DOUBLE_EQ(pooled.find("base")->coded_bytes, 400);
  EXPECT_DOUBLE_EQ(pooled.find("base")->bits_per_byte, 8 * 400 / 1200.0);
  EXPECT_DOUBLE_EQ(pooled.find("correct")->coded_bytes, 50 + 150 + 50);
  EXPECT_DOUBLE_EQ(pooled.compare("correct", "base")->factor, 400 / 250.0);
  EXPECT_LT(pooled.compare("correct", "base")->interval.low, 1.6);
  EXPECT_GT(pooled.compare("correct", "base")->interval.high, 1.6);
  EXPECT_EQ(pooled.find("gzip"), nullptr);  // law has none
  EXPECT_EQ(pooled.find("correct")->adapter, "");
}

TEST(Summary, PooledSideDataIsWhatOneReceiverHas) {
  LosslessResult result = sample_result();
  result.domains.erase(result.domains.begin() + 2);
  const DomainSummary pooled = summarise(result, sample_model(), kSettings).pooled;
  EXPECT_EQ(pooled.find("correct")->side_bytes, 90 + 100);
  EXPECT_EQ(pooled.find("zstd_dictionary")->side_bytes, 80 + 70);
  EXPECT_EQ(pooled.find("all")->side_bytes, 120);
  EXPECT_EQ(pooled.find("route:text")->side_bytes, 300);
  ASSERT_EQ(pooled.routing.size(), 1u);
  EXPECT_EQ(pooled.routing[0].records, 4u);
  EXPECT_EQ(pooled.routing[0].right, 2u);
}

}  // namespace
}  // namespace koan
