#include "rewrite/extract.h"

#include <gtest/gtest.h>

#include "codec/test_codec.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

const std::string kText =
    "We are asked for the number of birds. There are 17 hens on the farm. There are 25 ducks on the farm as well.\n"
    "To get the number of all birds we add both numbers: 17 + 25 = 42.\nSo the answer is \\boxed{42}.\n";

std::vector<ScoredWord> scored(const std::string& text, const std::string& problem = "") {
  const auto model = tiny_codec()->store().default_model();
  return *score_words(text, problem, model, **choose_kernels());
}

TEST(Extract, WordsCoverTheText) {
  const auto words = scored(kText);
  ASSERT_FALSE(words.empty());
  std::string joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_LT(words[i].begin, words[i].end);
    EXPECT_TRUE(i == 0 || words[i - 1].end < words[i].begin);
    joined += kText.substr(words[i].begin, words[i].end - words[i].begin);
    EXPECT_GT(words[i].density, 0u);
  }
  std::string without_space = kText;
  std::erase_if(without_space, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_EQ(joined, without_space);
}

TEST(Extract, ScoresAreTheSameOnEveryInstructionSet) {
  const auto model = tiny_codec()->store().default_model();
  const auto want = *score_words(kText, "How many?", model, **kernels_for("scalar"));
  for (const std::string_view name : isa_names()) {
    const auto kernels = kernels_for(name);
    if (!kernels) continue;
    const auto got = *score_words(kText, "How many?", model, **kernels);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].density, want[i].density) << name << " word " << i;
  }
}

TEST(Extract, TheProblemMattersToScores) {
  const auto alone = scored(kText), after = scored(kText, kText);
  std::uint64_t a = 0, b = 0;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    a += alone[i].density;
    b += after[i].density;
  }
  EXPECT_NE(a, b);
}

TEST(Extract, KeepsWhatIsAboveTheThreshold) {
  const std::string text = "one two three four. five six\nseven";
  std::vector<ScoredWord> words = scored(text);
  ASSERT_EQ(words.size(), 7u);
  for (std::size_t i = 0; i < words.size(); ++i) words[i].density = 10;
  EXPECT_EQ(keep_words(text, words, 9, true), text);
  EXPECT_EQ(keep_words(text, words, 10, true), "");
  words[1].density = 5;
  EXPECT_EQ(keep_words(text, words, 5, true), "one three four. five six\nseven");
  words[5].density = 5;
  EXPECT_EQ(keep_words(text, words, 5, true), "one three four. five\nseven") << "the line break stays";
  for (std::size_t i = 0; i < 3; ++i) words[i].density = 5;
  EXPECT_EQ(keep_words(text, words, 5, true), "five\nseven") << "less than a third of the sentence was left";
  EXPECT_EQ(keep_words(text, words, 5, false), "four. five\nseven");
  words[0].kept_always = true;
  EXPECT_EQ(keep_words(text, words, 5, true), "one four. five\nseven");
}

class ExtractBudget : public testing::Test {
 protected:
  std::unique_ptr<Codec> codec = tiny_codec();
  CostMeter meter{*codec, {}, "How many birds are there?"};
  const Kernels& kernels = **choose_kernels();
};

TEST_F(ExtractBudget, IsKept) {
  const std::uint64_t all = meter.of(kText)->bits();
  std::size_t last = kText.size() + 1;
  for (const double share : {0.9, 0.6, 0.4}) {
    const auto budget = static_cast<std::uint64_t>(static_cast<double>(all) * share);
    const auto out = extract(kText, budget, meter, kernels);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_LE(out->cost.bits(), budget);
    EXPECT_LT(out->text.size(), last);
    last = out->text.size();
    EXPECT_NE(out->text.find("\\boxed{42}"), std::string::npos) << "the answer is never dropped";
    EXPECT_EQ(meter.of(out->text)->file, out->cost.file);
    EXPECT_LT(out->words_kept, out->words);
  }
}

TEST_F(ExtractBudget, WholeTextIfItFits) {
  const auto out = extract(kText, 1 << 20, meter, kernels);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->text, kText);
}

TEST_F(ExtractBudget, TooSmallSaysHowMuchIsNeeded) {
  const auto out = extract(kText, 8, meter, kernels);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kBudget);
  EXPECT_NE(out.error().message.find("8 bits"), std::string::npos);
}

TEST_F(ExtractBudget, EmptyAndBlankTexts) {
  for (const char* text : {"", " \n "}) {
    const auto out = extract(text, 1000, meter, kernels);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->text, text);
  }
}

}  // namespace
}  // namespace koan
