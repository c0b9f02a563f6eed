#include "route/features.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/hash.h"

namespace koan {
namespace {

constexpr FeatureSpec kWordsOnly{FeatureKind::kWords, 16, 255, 4, 512};
constexpr FeatureSpec kQuads{FeatureKind::kCharacters, 16, 255, 4, 7};

Features of(const std::string& text, const FeatureSpec& spec = kRouterFeatures, std::size_t limit = kFeatureBytes) {
  return extract_features(as_bytes(text), limit, spec);
}

std::uint32_t total(const Features& features) {
  std::uint32_t out = 0;
  for (const FeatureCount& feature : features) out += feature.count;
  return out;
}

const std::string kText =
    "The force F = m*a; see [12].\n\n    def f(x):\n\treturn x**2  # 1.5e-10\r\nÜber die Wälder — 日本語 --- done\n";

TEST(Features, AreTheSameHoweverTheTextArrives) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  for (const FeatureSpec& spec : {kRouterFeatures, kWordsOnly, kQuads}) {
    for (const std::size_t limit : {std::size_t{1}, std::size_t{40}, kFeatureBytes}) {
      const Features whole = of(kText, spec, limit);
      for (int round = 0; round < 50; ++round) {
        FeatureExtractor extractor(limit, spec);
        for (std::size_t at = 0; at < kText.size();) {
          const std::size_t n = std::min<std::size_t>(rng() % 9, kText.size() - at);
          extractor.add(as_bytes(std::string_view(kText).substr(at, n)));
          at += n;
        }
        EXPECT_EQ(extractor.finish(), whole);
      }
    }
  }
}

TEST(Features, AnExtractorBeginsEveryTextAnew) {
  for (const FeatureSpec& spec : {kRouterFeatures, kQuads}) {
    FeatureExtractor extractor(20, spec);
    extractor.add(as_bytes("something else entirely 77 (("));
    extractor.finish();
    extractor.add(as_bytes(kText));
    EXPECT_EQ(extractor.finish(), of(kText, spec, 20));
  }
}

// Profiles in adapters are made of these hashes: they may change only together with the version in profile.cpp.
TEST(Features, AreTheSameOnEveryMachine) {
  Bytes bytes;
  for (const FeatureCount& feature : of(kText)) {
    append_fixed<std::uint32_t>(bytes, feature.bucket);
    append_fixed<std::uint32_t>(bytes, feature.count);
  }
  EXPECT_EQ(to_hex(sha256(bytes)).substr(0, 16), "c7b7b859798a8798");
}

TEST(Features, LookAtTheFirstBytesOnly) {
  EXPECT_EQ(of("alpha beta gamma", kWordsOnly, 10), of("alpha beta delta", kWordsOnly, 10));
  EXPECT_NE(of("alpha beta gamma", kWordsOnly), of("alpha beta delta", kWordsOnly));
}

TEST(Features, AreOfWordsWhateverTheirCase) {
  EXPECT_EQ(of("The Cat"), of("the   cAT"));
  EXPECT_NE(of("the cat", kWordsOnly), of("the dog", kWordsOnly));
  EXPECT_EQ(of("the cat", kWordsOnly), of("cat the", kWordsOnly));
  EXPECT_NE(of("the cat"), of("cat the")) << "pairs keep the order";
  EXPECT_EQ(of("12 345", kWordsOnly), of("98 765", kWordsOnly)) << "numbers by their length";
  EXPECT_NE(of("12", kWordsOnly), of("123", kWordsOnly));
  EXPECT_NE(of("a\nb", kWordsOnly), of("a\n\nb", kWordsOnly));
  EXPECT_NE(of("a\nb", kWordsOnly), of("a\n  b", kWordsOnly)) << "indentation counts";
}

TEST(Features, CountEveryTokenUpToTheCap) {
  EXPECT_EQ(total(of("a b, c 12 [[\n", kWordsOnly)), 7u);
  EXPECT_EQ(total(of("abcdef", kQuads)), 3u);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "word ";
  for (const auto& [stretch, count] : {std::pair{512, 4u}, std::pair{250, 8u}, std::pair{100, 20u}}) {
    const Features capped = of(many, {FeatureKind::kWords, 12, 4, 4, static_cast<std::uint16_t>(stretch)});
    ASSERT_EQ(capped.size(), 1u);
    EXPECT_EQ(capped[0].count, count) << "stretches of " << stretch;
  }
}

TEST(Features, OfNothingAreNone) {
  EXPECT_TRUE(of("").empty());
  EXPECT_TRUE(of("   ").empty());
  EXPECT_TRUE(of("abc", kQuads).empty()) << "shorter than one gram";
}

TEST(Features, StayInsideTheirBuckets) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  std::string noise(5000, ' ');
  for (char& c : noise) c = static_cast<char>(rng());
  for (const std::uint8_t bits : {1, 8, 12, 16}) {
    for (const FeatureKind kind : {FeatureKind::kWords, FeatureKind::kWordsAndPairs, FeatureKind::kCharacters}) {
      const Features features = of(noise, {kind, bits, 255, 8, 512});
      ASSERT_FALSE(features.empty());
      EXPECT_LT(features.back().bucket, 1u << bits);
      for (std::size_t i = 1; i < features.size(); ++i) EXPECT_LT(features[i - 1].bucket, features[i].bucket);
    }
  }
}

}  // namespace
}  // namespace koan
