#include "route/kmeans.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "route/fixed_log2.h"

namespace koan {
namespace {

float log2_of(std::uint64_t x) noexcept { return static_cast<float>(log2_256(x)) / 256.0f; }

// Uniform in [0, 1). The distributions of the standard library differ between implementations.
double uniform(std::mt19937_64& rng) { return static_cast<double>(rng() >> 11) * 0x1p-53; }

void normalise(std::vector<float>& centroids, std::uint32_t k) {
  std::vector<double> squares(k);
  for (std::size_t i = 0; i < centroids.size(); ++i) squares[i % k] += double{centroids[i]} * double{centroids[i]};
  std::vector<float> scale(k);
  for (std::uint32_t c = 0; c < k; ++c)
    scale[c] = squares[c] > 0 ? static_cast<float>(1.0 / std::sqrt(squares[c])) : 0.0f;
  for (std::size_t i = 0; i < centroids.size(); ++i) centroids[i] *= scale[i % k];
}

// One attempt from one seeding.
class Attempt {
 public:
  Attempt(std::span<const DocumentVector> documents, std::size_t buckets, const ClusterOptions& options,
          std::mt19937_64& rng)
      : documents_(documents), buckets_(buckets), options_(options), rng_(rng), similarity_(documents.size()) {
    out_.k = options.k;
    out_.labels.assign(documents.size(), 0);
  }

  Clustering run() {
    seed();
    for (unsigned round = 0; round < options_.max_rounds; ++round) {
      const bool moved = assign();
      if (fill_empty() || moved || round == 0) {
        update();
      } else {
        break;
      }
    }
    out_.mean_similarity = std::accumulate(similarity_.begin(), similarity_.end(), 0.0) / double(documents_.size());
    return std::move(out_);
  }

 private:
  // Every next centre is a document drawn with a chance proportional to its squared distance from the nearest centre,
  // which between vectors of length 1 is 2 (1 - cosine).
  void seed() {
    out_.centroids.assign(buckets_ * out_.k, 0.0f);
    std::vector<double> distance(documents_.size(), 1.0);
    for (std::uint32_t c = 0; c < out_.k; ++c) {
      const std::size_t chosen = draw(distance);
      std::vector<float> centre(buckets_);
      for (const Weighted& w : documents_[chosen]) {
        centre[w.bucket] = w.weight;
        out_.centroids[w.bucket * out_.k + c] = w.weight;
      }
      for (std::size_t d = 0; d < documents_.size(); ++d) {
        float dot = 0;
        for (const Weighted& w : documents_[d]) dot += w.weight * centre[w.bucket];
        distance[d] = std::min(distance[d], std::max(0.0, 1.0 - double{dot}));
      }
      distance[chosen] = 0;
    }
  }

  std::size_t draw(const std::vector<double>& chance) {
    const double total = std::accumulate(chance.begin(), chance.end(), 0.0);
    if (!(total > 0)) return static_cast<std::size_t>(rng_() % chance.size());  // fewer different documents than k
    double left = uniform(rng_) * total;
    std::size_t last = 0;
    for (std::size_t i = 0; i < chance.size(); ++i) {
      if (!(chance[i] > 0)) continue;
      last = i;
      left -= chance[i];
      if (left < 0) break;
    }
    return last;
  }

  bool assign() {
    bool moved = false;
    for (std::size_t d = 0; d < documents_.size(); ++d) {
      const Nearest nearest = out_.nearest(documents_[d]);
      moved = moved || nearest.cluster != out_.labels[d];
      out_.labels[d] = nearest.cluster;
      similarity_[d] = nearest.similarity;
    }
    return moved;
  }

  // An empty cluster takes the document that is farthest from its centroid and not alone there.
  bool fill_empty() {
    std::vector<std::size_t> sizes(out_.k);
    for (const std::uint32_t label : out_.labels) ++sizes[label];
    bool filled = false;
    for (std::uint32_t c = 0; c < out_.k; ++c) {
      if (sizes[c] != 0) continue;
      std::size_t farthest = documents_.size();
      for (std::size_t d = 0; d < documents_.size(); ++d) {
        if (sizes[out_.labels[d]] < 2) continue;
        if (farthest == documents_.size() || similarity_[d] < similarity_[farthest]) farthest = d;
      }
      --sizes[out_.labels[farthest]];
      out_.labels[farthest] = c;
      sizes[c] = 1;
      similarity_[farthest] = documents_[farthest].empty() ? 0.0f : 1.0f;
      filled = true;
    }
    return filled;
  }

  void update() {
    std::fill(out_.centroids.begin(), out_.centroids.end(), 0.0f);
    for (std::size_t d = 0; d < documents_.size(); ++d)
      for (const Weighted& w : documents_[d]) out_.centroids[w.bucket * out_.k + out_.labels[d]] += w.weight;
    normalise(out_.centroids, out_.k);
  }

  std::span<const DocumentVector> documents_;
  std::size_t buckets_;
  const ClusterOptions& options_;
  std::mt19937_64& rng_;
  std::vector<float> similarity_;  // of each document with its centroid
  Clustering out_;
};

// Largest cluster first, so that its number means something; ties by the old number.
void sort_by_size(Clustering& clustering) {
  const std::uint32_t k = clustering.k;
  std::vector<std::size_t> sizes(k);
  for (const std::uint32_t label : clustering.labels) ++sizes[label];
  std::vector<std::uint32_t> order(k), place(k);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return sizes[a] > sizes[b]; });
  for (std::uint32_t i = 0; i < k; ++i) place[order[i]] = i;
  for (std::uint32_t& label : clustering.labels) label = place[label];
  std::vector<float> row(k);
  for (std::size_t base = 0; base < clustering.centroids.size(); base += k) {
    for (std::uint32_t i = 0; i < k; ++i) row[i] = clustering.centroids[base + order[i]];
    std::copy(row.begin(), row.end(), clustering.centroids.begin() + static_cast<std::ptrdiff_t>(base));
  }
}

}  // namespace

TfIdf::TfIdf(std::span<const Features> documents, std::uint8_t log2_buckets) : idf_(std::size_t{1} << log2_buckets) {
  std::vector<std::uint64_t> have(idf_.size());
  for (const Features& features : documents)
    for (const FeatureCount& feature : features) ++have[feature.bucket];
  // Above 0 also for what all documents have: two equal documents then never become empty vectors.
  const std::uint64_t all = documents.size() + 2;
  for (std::size_t i = 0; i < idf_.size(); ++i) idf_[i] = log2_of(all * 256 / (have[i] + 1)) - 8.0f;
}

DocumentVector TfIdf::vector_of(const Features& features) const {
  DocumentVector out;
  out.reserve(features.size());
  double squares = 0;
  for (const FeatureCount& feature : features) {
    const float weight = (1.0f + log2_of(feature.count)) * idf_[feature.bucket];
    out.push_back({feature.bucket, weight});
    squares += double{weight} * double{weight};
  }
  if (!(squares > 0)) return {};
  const float scale = static_cast<float>(1.0 / std::sqrt(squares));
  for (Weighted& w : out) w.weight *= scale;
  return out;
}

Nearest Clustering::nearest(const DocumentVector& document) const {
  std::vector<float> dots(k);
  for (const Weighted& w : document) {
    const float* row = centroids.data() + std::size_t{w.bucket} * k;
    for (std::uint32_t c = 0; c < k; ++c) dots[c] += w.weight * row[c];
  }
  const auto best = std::max_element(dots.begin(), dots.end());
  return {static_cast<std::uint32_t>(best - dots.begin()), *best};
}

Result<Clustering> cluster(std::span<const DocumentVector> documents, std::uint8_t log2_buckets,
                           const ClusterOptions& options) {
  if (options.k == 0) return Error{ErrorCode::kUsage, "the number of clusters is 0"};
  if (documents.size() < options.k)
    return Error{ErrorCode::kUsage, std::to_string(documents.size()) + " documents cannot make " +
                                        std::to_string(options.k) + " clusters"};
  std::mt19937_64 rng(options.seed);
  Clustering best;
  for (unsigned i = 0; i < std::max(options.restarts, 1u); ++i) {
    Clustering made = Attempt(documents, std::size_t{1} << log2_buckets, options, rng).run();
    if (best.k == 0 || made.mean_similarity > best.mean_similarity) best = std::move(made);
  }
  sort_by_size(best);
  return best;
}

}  // namespace koan
