#include "route/kmeans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>

#include "route/fixed_log2.h"

namespace koan {
namespace {

constexpr std::uint8_t kBits = kRouterFeatures.log2_buckets;

struct Blobs {
  std::vector<DocumentVector> documents;
  std::vector<std::uint32_t> labels;
};

// Documents of `sources` made-up languages of 20 words each, in mixed order; source s has s + 1 parts of them.
Blobs blobs(std::uint32_t sources, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<Features> features;
  Blobs out;
  std::vector<std::uint32_t> lots;
  for (std::uint32_t s = 0; s < sources; ++s) lots.insert(lots.end(), s + 1, s);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t source = lots[rng() % lots.size()];
    std::string text;
    for (int w = 0; w < 25; ++w)
      text.append(rng() % 4 == 0 ? std::string("the ") : std::string(1 + rng() % 20, char('a' + source)).append(" "));
    features.push_back(extract_features(as_bytes(text)));
    out.labels.push_back(source);
  }
  const TfIdf weights(features, kBits);
  for (const Features& f : features) out.documents.push_back(weights.vector_of(f));
  return out;
}

TEST(KMeans, FindsSeparateGroups) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Blobs made = blobs(5, 400, seed);
    auto result = cluster(made.documents, kBits, {5, seed, 8, 50});
    ASSERT_TRUE(result) << result.error().message;
    std::map<std::uint32_t, std::uint32_t> source_of;
    for (std::size_t d = 0; d < made.labels.size(); ++d) {
      const auto [it, added] = source_of.emplace(result->labels[d], made.labels[d]);
      EXPECT_EQ(it->second, made.labels[d]) << "document " << d << ", seed " << seed;
    }
    EXPECT_EQ(source_of.size(), 5u);
    std::vector<std::size_t> sizes(5);
    for (const std::uint32_t label : result->labels) ++sizes[label];
    EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend())) << "the largest group is first";
    EXPECT_GT(result->mean_similarity, 0.4);
    auto merged = cluster(made.documents, kBits, {2, seed, 8, 50});
    ASSERT_TRUE(merged);
    EXPECT_LT(merged->mean_similarity, result->mean_similarity - 0.05);
    for (std::size_t d = 0; d < made.labels.size(); ++d)
      EXPECT_EQ(result->nearest(made.documents[d]).cluster, result->labels[d]);
  }
}

TEST(KMeans, DependsOnTheSeedAlone) {
  const Blobs made = blobs(7, 300, 3);
  std::set<std::vector<std::uint32_t>> seen;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const ClusterOptions options{4, seed, 1, 50};
    auto one = cluster(made.documents, kBits, options), two = cluster(made.documents, kBits, options);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->labels, two->labels);
    EXPECT_EQ(one->centroids, two->centroids);
    seen.insert(one->labels);
  }
  EXPECT_GT(seen.size(), 1u) << "four clusters of seven groups: the seed must matter";
}

TEST(KMeans, RestartsKeepTheBest) {
  const Blobs made = blobs(9, 300, 5);
  auto once = cluster(made.documents, kBits, {9, 2, 1, 50});
  auto often = cluster(made.documents, kBits, {9, 2, 10, 50});
  ASSERT_TRUE(once && often);
  EXPECT_GE(often->mean_similarity, once->mean_similarity);
}

TEST(KMeans, LeavesNoClusterEmpty) {
  const Blobs made = blobs(2, 12, 7);
  std::vector<DocumentVector> same(12, made.documents[0]);
  same[5] = {};  // a document without features
  for (const auto& documents : {same, made.documents}) {
    for (const std::uint32_t k : {1u, 3u, 12u}) {
      auto result = cluster(documents, kBits, {k, 1, 2, 20});
      ASSERT_TRUE(result);
      const std::set<std::uint32_t> used(result->labels.begin(), result->labels.end());
      EXPECT_EQ(used.size(), k);
      EXPECT_EQ(*used.rbegin(), k - 1);
      EXPECT_TRUE(std::isfinite(result->mean_similarity));
    }
  }
}

TEST(KMeans, RefusesWhatCannotBeGrouped) {
  const Blobs made = blobs(2, 3, 7);
  for (const std::uint32_t k : {0u, 4u}) {
    auto result = cluster(made.documents, kBits, {k, 1, 2, 20});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
  }
  EXPECT_FALSE(cluster({}, kBits, {1, 1, 2, 20}));
}

TEST(TfIdf, WeighsRareFeaturesMoreAndHasLengthOne) {
  const std::vector<Features> documents = {{{1, 1}, {2, 1}}, {{1, 1}, {3, 4}}, {{1, 1}}};
  const TfIdf weights(documents, 4);
  const DocumentVector vector = weights.vector_of(documents[0]);
  ASSERT_EQ(vector.size(), 2u);
  EXPECT_GT(vector[1].weight, vector[0].weight);
  EXPECT_GT(vector[0].weight, 0);
  EXPECT_NEAR(vector[0].weight * vector[0].weight + vector[1].weight * vector[1].weight, 1, 1e-5);
  EXPECT_TRUE(weights.vector_of({}).empty());
}

TEST(FixedLog2, IsWithinAStepOfTheLogarithm) {
  for (std::uint64_t x : {1ull, 2ull, 3ull, 5ull, 255ull, 1000ull, 123456789ull, 1ull << 40, ~0ull, (1ull << 63) + 1}) {
    const double exact = std::log2(static_cast<double>(x)) * 256;
    EXPECT_LE(log2_256(x), exact + 1e-6);
    EXPECT_GT(log2_256(x), exact - 1.01);
  }
  for (std::uint64_t x = 1; x < 5000; ++x) EXPECT_LE(log2_256(x), log2_256(x + 1));
}

}  // namespace
}  // namespace koan
