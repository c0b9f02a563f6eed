// Grouping documents: spherical k-means with k-means++ seeding on tf-idf of hashed features (docs/routing.md section 6).
// Dhillon and Modha 2001; Arthur and Vassilvitskii 2007. The same seed gives the same groups on every machine: float
// operations in a fixed order, square roots of IEEE 754, logarithms in integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "route/features.h"

namespace koan {

struct Weighted {
  std::uint32_t bucket = 0;
  float weight = 0;
};
using DocumentVector = std::vector<Weighted>;  // of length 1; empty for a document without features

// Weights features by how few documents have them.
class TfIdf {
 public:
  // Documents have features below 1 << log2_buckets.
  TfIdf(std::span<const Features> documents, std::uint8_t log2_buckets);
  DocumentVector vector_of(const Features& features) const;

 private:
  std::vector<float> idf_;
};

struct Nearest {
  std::uint32_t cluster = 0;
  float similarity = 0;  // cosine with the centroid
};

struct Clustering {
  std::uint32_t k = 0;
  std::vector<float> centroids;       // of length 1 each; [bucket][cluster]
  std::vector<std::uint32_t> labels;  // of the documents it was made from
  double mean_similarity = 0;         // of these with their centroids: the quality that restarts compete for
  Nearest nearest(const DocumentVector& document) const;
};

struct ClusterOptions {
  std::uint32_t k = 8;
  std::uint64_t seed = 1;
  unsigned restarts = 4;
  unsigned max_rounds = 50;
};

// Every cluster has at least one document. Clusters are in order of size, largest first. kUsage: k is 0, or there are
// fewer documents than k.
Result<Clustering> cluster(std::span<const DocumentVector> documents, std::uint8_t log2_buckets,
                           const ClusterOptions& options);

}  // namespace koan
