#include "runs/arm.h"

#include <gtest/gtest.h>

#include <set>

#include "runs/bit_model.h"

namespace koan::runs {
namespace {

std::vector<std::string> names_of(const std::vector<Arm>& arms) {
  std::vector<std::string> out;
  for (const Arm& arm : arms) out.emplace_back(arm.name);
  return out;
}

TEST(Arms, TheModelsAloneAreAlwaysThere) {
  EXPECT_EQ(names_of(arms_named({}).value()), (std::vector<std::string>{"small", "large"}));
  const std::vector<std::string> wanted = {"qa", "retry", "qa"};
  EXPECT_EQ(names_of(arms_named(wanted).value()), (std::vector<std::string>{"small", "retry", "qa", "large"}));
  const std::vector<std::string> all = {"all"};
  EXPECT_EQ(arms_named(all).value().size(), all_arms().size());
}

TEST(Arms, NamesAreDistinctAndKnown) {
  std::set<std::string_view> names;
  for (const Arm& arm : all_arms()) EXPECT_TRUE(names.insert(arm.name).second) << arm.name;
  const std::vector<std::string> wrong = {"qb"};
  const auto arms = arms_named(wrong);
  ASSERT_FALSE(arms);
  EXPECT_EQ(arms.error().code, ErrorCode::kUsage);
  EXPECT_NE(arms.error().message.find("'qb'"), std::string::npos);
  EXPECT_NE(arms.error().message.find("random_bits"), std::string::npos);
}

std::size_t chosen(BitModel& model, const std::string& question, std::uint64_t seed) {
  ChatRequest request;
  request.messages = {{"user", question}};
  request.seed = seed;
  const std::vector<std::string> choices = {"Yes", "No"};
  const auto scores = model.choose(request, choices).value();
  return scores[0].weight >= scores[1].weight ? 0 : 1;
}

TEST(BitModel, ConstantsAreConstant) {
  BitModel yes(Far::kYes), no(Far::kNo);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(chosen(yes, std::to_string(i), 0), 0u);
    EXPECT_EQ(chosen(no, std::to_string(i), 0), 1u);
  }
  EXPECT_NE(yes.identity(), no.identity());
}

TEST(BitModel, CoinsAreFairSeededAndDoNotDependOnTheOrder) {
  BitModel coin(Far::kRandom), other(Far::kRandom);
  std::size_t sum = 0, same = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::size_t bit = chosen(coin, std::to_string(i), 1);
    sum += bit;
    same += bit == chosen(coin, std::to_string(i), 2) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(sum), 1000, 100);  // 4.5 standard deviations; the coins are fixed
  EXPECT_NEAR(static_cast<double>(same), 1000, 100);
  EXPECT_EQ(chosen(other, "1999", 1), chosen(coin, "1999", 1));
}

}  // namespace
}  // namespace koan::runs
