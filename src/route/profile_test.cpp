#include "route/profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace koan {
namespace {

const std::vector<std::vector<std::string>> kDomains = {
    {"boil", "the", "rice", "with", "salt", "and", "butter", "until", "soft"},
    {"the", "integral", "of", "a", "bounded", "function", "converges", "and", "equals"},
    {"return", "if", "the", "pointer", "is", "null", "else", "throw", "error"},
};

std::string sentence(std::size_t domain, std::mt19937_64& rng, int words) {
  std::string out;
  for (int i = 0; i < words; ++i) out += kDomains[domain][rng() % kDomains[domain].size()] + " ";
  return out;
}

std::vector<std::int64_t> stored_profile(std::size_t domain, std::mt19937_64& rng, int documents = 200) {
  ProfileBuilder builder;
  for (int i = 0; i < documents; ++i) builder.add(as_bytes(sentence(domain, rng, 30)));
  return builder.finish();
}

AdapterProfiles text_only(const std::vector<std::int64_t>& value) {
  auto profile = parse_profile(value, "test");
  EXPECT_TRUE(profile);
  return {std::move(*profile), {}};
}

TEST(Profile, RanksTheRightDomainFirst) {
  std::mt19937_64 rng(7);
  std::vector<AdapterProfiles> adapters;
  for (std::size_t d = 0; d < kDomains.size(); ++d) adapters.push_back(text_only(stored_profile(d, rng)));
  for (std::size_t d = 0; d < kDomains.size(); ++d) {
    for (int i = 0; i < 100; ++i) {
      const auto ranked = rank_by_text(as_bytes(sentence(d, rng, 8)), adapters);
      ASSERT_EQ(ranked.size(), 3u);
      EXPECT_EQ(ranked[0].index, d);
      EXPECT_GT(ranked[0].score, ranked[1].score);
    }
  }
}

TEST(Profile, OfAMixtureLosesToThatOfTheDomain) {
  std::mt19937_64 rng(8);
  std::vector<AdapterProfiles> adapters;
  ProfileBuilder all;
  for (int i = 0; i < 600; ++i) all.add(as_bytes(sentence(i % 3, rng, 30)));
  adapters.push_back(text_only(all.finish()));
  // A third of the documents, and still the better profile.
  for (std::size_t d = 0; d < kDomains.size(); ++d) adapters.push_back(text_only(stored_profile(d, rng)));
  int right = 0;
  for (int i = 0; i < 300; ++i)
    right += rank_by_text(as_bytes(sentence(i % 3, rng, 12)), adapters)[0].index == 1u + i % 3;
  EXPECT_GE(right, 297);
  // What no domain knows goes to the mixture, which has words of each.
  EXPECT_EQ(rank_by_text(as_bytes("boil the integral return salt function null converges pointer rice"), adapters)[0].index,
            0u);
}

TEST(Profile, WithoutOneAnAdapterComesLast) {
  std::mt19937_64 rng(9);
  std::vector<AdapterProfiles> adapters(4);
  adapters[1] = text_only(stored_profile(1, rng));
  adapters[3] = text_only(stored_profile(0, rng));
  const auto ranked = rank_by_text(as_bytes("boil the rice"), adapters);
  ASSERT_EQ(ranked.size(), 4u);
  EXPECT_EQ(ranked[0].index, 3u);
  EXPECT_EQ(ranked[1].index, 1u);
  EXPECT_LT(ranked[1].score, 0) << "a score below that of the adapters without a profile";
  EXPECT_EQ(ranked[2].index, 0u);
  EXPECT_EQ(ranked[3].index, 2u);
  EXPECT_TRUE(ranked[1].known);
  EXPECT_FALSE(ranked[2].known);
  EXPECT_FALSE(rank_by_prompt(as_bytes("boil the rice"), adapters)[0].known) << "prompts have profiles of their own";
  EXPECT_TRUE(rank_by_text(as_bytes("x"), {}).empty());
}

TEST(Profile, IsLog2OfSmoothedFrequencies) {
  ProfileBuilder builder;
  builder.add(Features{{3, 100}, {9, 1}});
  builder.add(Features{{3, 50}});
  EXPECT_EQ(builder.documents(), 2u);
  const Profile profile = builder.profile();
  const std::size_t buckets = std::size_t{1} << kRouterFeatures.log2_buckets;
  ASSERT_EQ(profile.log2.size(), buckets);
  double sum = 0;
  for (const std::int32_t value : profile.log2) sum += std::exp2(value / 256.0);
  EXPECT_NEAR(sum, 1, 0.004) << "rounding down to 1/256 bit";
  const double gain = (profile.log2[3] - profile.log2[0]) / 256.0;
  const double single = (profile.log2[9] - profile.log2[0]) / 256.0;
  EXPECT_NEAR(std::exp2(gain) - 1, 150 * (std::exp2(single) - 1), 2) << "proportional to the counts above the prior";
  EXPECT_EQ(score({{3, 2}, {9, 1}}, profile), 2 * profile.log2[3] + profile.log2[9]);
}

TEST(Profile, GoesThroughTheMetadataOfAFile) {
  std::mt19937_64 rng(10);
  const auto text = stored_profile(0, rng), prompt = stored_profile(2, rng);
  GgufFile file;
  file.metadata["general.architecture"] = std::string("llama");
  write_profiles(file.metadata, text, prompt);
  const Bytes bytes = write_gguf(file);
  auto parsed = parse_gguf(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message;
  auto profiles = read_profiles(parsed->metadata);
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_EQ(profiles->text.log2, std::vector<std::int32_t>(text.begin() + 1, text.end()));
  EXPECT_EQ(profiles->prompt.log2, std::vector<std::int32_t>(prompt.begin() + 1, prompt.end()));

  write_profiles(file.metadata, text, {});
  EXPECT_FALSE(file.metadata.contains(kPromptProfileKey)) << "an empty value removes the key";
  auto one = read_profiles(file.metadata);
  ASSERT_TRUE(one);
  EXPECT_FALSE(one->text.empty());
  EXPECT_TRUE(one->prompt.empty());
  auto none = read_profiles({});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->text.empty());
}

TEST(Profile, OfNothingIsNone) {
  EXPECT_TRUE(ProfileBuilder().finish().empty());
  EXPECT_TRUE(ProfileBuilder().profile().empty());
  ProfileBuilder blank;
  blank.add(as_bytes("   "));
  EXPECT_TRUE(blank.finish().empty());
}

TEST(Profile, ThatIsDamagedIsRefusedByName) {
  std::mt19937_64 rng(11);
  const auto good = stored_profile(0, rng, 3);
  ASSERT_TRUE(parse_profile(good, "k"));
  const auto refused = [](const std::vector<std::int64_t>& value) {
    const auto result = parse_profile(value, "koan.router.text");
    return !result && result.error().code == ErrorCode::kCorrupt &&
           result.error().message.starts_with("koan.router.text");
  };
  auto bad = good;
  bad.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.push_back(-5);
  EXPECT_TRUE(refused(bad));
  for (const std::int64_t number : {std::int64_t{1}, std::int64_t{-16385}, INT64_MIN, INT64_MAX}) {
    bad = good;
    bad[77] = number;
    EXPECT_TRUE(refused(bad)) << number;
  }
  bad = good;
  bad[0] = 2;
  auto later = parse_profile(bad, "k");
  ASSERT_TRUE(later) << "a later version is no error: the adapter still works";
  EXPECT_TRUE(later->empty());
  EXPECT_FALSE(read_profiles({{kTextProfileKey, std::string("no")}}));
}

}  // namespace
}  // namespace koan
