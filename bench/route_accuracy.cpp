// How well an adapter is chosen, and how well a corpus is grouped, on the domains of ../shared/corpus: the tables of
// docs/routing.md. route_accuracy CORPUS_FOLDER > bench/results/route.md
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "base/hash.h"
#include "bench/route_sets.h"
#include "route/kmeans.h"
#include "route/profile.h"

namespace koan {
namespace {

// Wilson's 95% interval of a share.
std::string wilson(std::size_t right, std::size_t n) {
  if (n == 0) return "-";
  const double z = 1.959964, p = double(right) / double(n), d = 1 + z * z / double(n);
  const double middle = (p + z * z / (2 * double(n))) / d;
  const double half = z * std::sqrt(p * (1 - p) / double(n) + z * z / (4.0 * double(n) * double(n))) / d;
  char out[80];
  std::snprintf(out, sizeof out, "%.1f%% [%.1f, %.1f]", 100 * p, 100 * (middle - half), 100 * (middle + half));
  return out;
}

using Choice = std::function<std::size_t(const Features&)>;
using Part = std::string RouteText::*;

struct Confusion {
  std::vector<std::vector<std::size_t>> counts;  // [true][chosen]
  std::size_t right = 0, all = 0;
};

Confusion measure(const std::vector<RouteDomain>& domains, Part part, std::size_t bytes, const FeatureSpec& spec,
                  const Choice& choose, std::size_t choices) {
  Confusion out;
  out.counts.assign(domains.size(), std::vector<std::size_t>(choices));
  for (std::size_t d = 0; d < domains.size(); ++d) {
    for (const RouteText& text : domains[d].test) {
      const std::size_t chosen = choose(extract_features(as_bytes(text.*part), bytes, spec));
      ++out.counts[d][chosen];
      out.right += chosen == d;
      ++out.all;
    }
  }
  return out;
}

// The methods compared. Floats, unlike the one that is used: here the figure counts, not the bits.
class Learned {
 public:
  Learned(const std::vector<RouteDomain>& domains, Part part, const FeatureSpec& spec, bool with_mixture = false)
      : buckets_(std::size_t{1} << spec.log2_buckets) {
    std::vector<Features> everything;
    for (const RouteDomain& domain : domains) {
      std::vector<double> counts(buckets_);
      for (const RouteText& text : domain.train) {
        everything.push_back(extract_features(as_bytes(text.*part), kFeatureBytes, spec));
        for (const FeatureCount& f : everything.back()) counts[f.bucket] += f.count;
      }
      counts_.push_back(counts);
    }
    if (with_mixture) {
      counts_.emplace_back(buckets_);
      for (std::size_t d = 0; d < domains.size(); ++d)
        for (std::size_t i = 0; i < buckets_; ++i) counts_.back()[i] += counts_[d][i] / double(domains.size());
    }
    weights_.emplace_back(everything, spec.log2_buckets);
    std::size_t at = 0;
    for (const RouteDomain& domain : domains) {
      std::vector<double> centroid(buckets_);
      for (std::size_t i = 0; i < domain.train.size(); ++i)
        for (const Weighted& w : weights_[0].vector_of(everything[at++])) centroid[w.bucket] += w.weight;
      double squares = 0;
      for (const double x : centroid) squares += x * x;
      for (double& x : centroid) x /= std::sqrt(squares) + 1e-12;
      centroids_.push_back(centroid);
    }
  }

  // `prior` occurrences in every bucket; or, with a background, that many on average, spread as all domains are.
  Choice bayes(double prior, bool background) const {
    std::vector<double> spread(buckets_, 1.0);
    if (background) {
      double total = 0;
      for (const auto& counts : counts_)
        for (const double c : counts) total += c;
      for (std::size_t i = 0; i < buckets_; ++i) {
        double all = 1;
        for (const auto& counts : counts_) all += counts[i];
        spread[i] = all / (total + double(buckets_)) * double(buckets_);
      }
    }
    std::vector<std::vector<double>> logs;
    for (const auto& counts : counts_) {
      double total = prior * double(buckets_);
      for (const double c : counts) total += c;
      logs.emplace_back();
      for (std::size_t i = 0; i < buckets_; ++i) logs.back().push_back(std::log2((counts[i] + prior * spread[i]) / total));
    }
    return [logs](const Features& features) {
      return best(logs.size(), [&](std::size_t d) {
        double sum = 0;
        for (const FeatureCount& f : features) sum += f.count * logs[d][f.bucket];
        return sum;
      });
    };
  }

  Choice cosine() const {
    return [this](const Features& features) {
      const DocumentVector vector = weights_[0].vector_of(features);
      return best(centroids_.size(), [&](std::size_t d) {
        double sum = 0;
        for (const Weighted& w : vector) sum += w.weight * centroids_[d][w.bucket];
        return sum;
      });
    };
  }

 private:
  static std::size_t best(std::size_t n, const std::function<double(std::size_t)>& value) {
    std::size_t out = 0;
    double top = value(0);
    for (std::size_t d = 1; d < n; ++d) {
      const double v = value(d);
      if (v > top) top = v, out = d;
    }
    return out;
  }

  std::size_t buckets_;
  std::vector<std::vector<double>> counts_, centroids_;
  std::vector<TfIdf> weights_;
};

const char* name_of(FeatureKind kind) {
  return kind == FeatureKind::kWords ? "words" : kind == FeatureKind::kWordsAndPairs ? "words and pairs" : "characters";
}

void compare_methods(const std::vector<RouteDomain>& domains, Part part, const char* title) {
  std::printf("\n## Methods, by %s\n\n| features | buckets | cap | stretch | method | 256 bytes | 512 | 1024 | 16384 |\n"
              "|---|---|---|---|---|---|---|---|---|\n", title);
  std::vector<FeatureSpec> specs;
  for (const std::uint8_t bits : {11, 12, 13, 14})
    for (const FeatureKind kind : {FeatureKind::kWords, FeatureKind::kWordsAndPairs}) specs.push_back({kind, bits, 4, 4, 512});
  for (const std::uint8_t n : {3, 4, 5}) specs.push_back({FeatureKind::kCharacters, 13, 4, n, 512});
  for (const std::uint8_t cap : {1, 2, 255}) specs.push_back({FeatureKind::kWordsAndPairs, 13, cap, 4, 512});
  for (const std::uint16_t stretch : {256, 2048, 16384}) specs.push_back({FeatureKind::kWordsAndPairs, 13, 4, 4, stretch});
  specs.push_back({FeatureKind::kWordsAndPairs, 13, 1, 4, 256});
  for (const FeatureSpec& spec : specs) {
    const Learned learned(domains, part, spec);
    std::vector<std::pair<std::string, Choice>> methods = {{"Bayes, prior 1", learned.bayes(1, false)},
                                                           {"cosine of tf-idf", learned.cosine()}};
    if (spec.kind == FeatureKind::kWordsAndPairs && spec.cap == 4 && spec.stretch == 512) {
      methods.push_back({"Bayes, prior 1/8", learned.bayes(0.125, false)});
      methods.push_back({"Bayes, prior 4", learned.bayes(4, false)});
      methods.push_back({"Bayes, background 1", learned.bayes(1, true)});
      methods.push_back({"Bayes, background 8", learned.bayes(8, true)});
    }
    for (const auto& [method, choose] : methods) {
      std::string kind = name_of(spec.kind);
      if (spec.kind == FeatureKind::kCharacters) kind = std::to_string(spec.characters) + " characters";
      std::printf("| %s | %u | %u | %u | %s |", kind.c_str(), 1u << spec.log2_buckets, spec.cap, spec.stretch, method.c_str());
      for (const std::size_t bytes : {256, 512, 1024, 16384}) {
        const Confusion c = measure(domains, part, bytes, spec, choose, domains.size());
        std::printf(" %s |", wilson(c.right, c.all).c_str());
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }
}

void print_confusion(const std::vector<RouteDomain>& domains, const Confusion& confusion, bool mixture) {
  std::printf("\n| true, chosen: |");
  for (std::size_t d = 0; d < domains.size(); ++d) std::printf(" %zu |", d + 1);
  std::printf("%s correct |\n|---|", mixture ? " all |" : "");
  for (std::size_t d = 0; d < domains.size() + mixture + 1; ++d) std::printf("---|");
  for (std::size_t d = 0; d < domains.size(); ++d) {
    std::size_t n = 0;
    std::printf("\n| %zu %s |", d + 1, domains[d].name.c_str());
    for (const std::size_t count : confusion.counts[d]) {
      n += count;
      std::printf(count != 0 ? " %zu |" : " |", count);
    }
    std::printf(" %s |", wilson(confusion.counts[d][d], n).c_str());
  }
  std::printf("\n\nAll: %s\n", wilson(confusion.right, confusion.all).c_str());
}

// With the profiles and the ranking that adapters get.
void measure_profiles(const std::vector<RouteDomain>& domains, Part part, const char* title, bool with_mixture) {
  std::vector<Profile> profiles;
  ProfileBuilder all;
  for (const RouteDomain& domain : domains) {
    ProfileBuilder builder;
    // The control has the size of one domain's training set.
    for (std::size_t i = 0; i < domain.train.size(); ++i) {
      builder.add(as_bytes(domain.train[i].*part));
      if (i % domains.size() == 0) all.add(as_bytes(domain.train[i].*part));
    }
    profiles.push_back(builder.profile());
  }
  if (with_mixture) profiles.push_back(all.profile());
  std::vector<const Profile*> pointers;
  for (const Profile& profile : profiles) pointers.push_back(&profile);
  const Choice choose = [&](const Features& features) { return rank(features, pointers)[0].index; };
  for (const std::size_t bytes : {std::size_t{256}, std::size_t{1024}, kFeatureBytes}) {
    std::printf("\n## Stored profiles, by %s, first %zu bytes%s\n", title, bytes,
                with_mixture ? ", beside a profile of all domains" : "");
    print_confusion(domains, measure(domains, part, bytes, kRouterFeatures, choose, profiles.size()), with_mixture);
  }
  const auto start = std::chrono::steady_clock::now();
  std::size_t texts = 0, volume = 0;
  for (const RouteDomain& domain : domains) {
    for (const RouteText& text : domain.test) {
      choose(extract_features(as_bytes(text.*part)));
      ++texts;
      volume += std::min((text.*part).size(), kFeatureBytes);
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("\nCost: %.0f microseconds a choice among %zu, of %.0f bytes on average\n", 1e6 * seconds / double(texts),
              profiles.size(), double(volume) / double(texts));
}

// Mutual information of two labellings over the mean of their entropies.
double shared_information(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> both;
  std::map<std::uint32_t, double> of_a, of_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double share = 1.0 / double(a.size());
    both[{a[i], b[i]}] += share;
    of_a[a[i]] += share;
    of_b[b[i]] += share;
  }
  double information = 0, entropy = 0;
  for (const auto& [pair, p] : both) information += p * std::log2(p / (of_a[pair.first] * of_b[pair.second]));
  for (const auto& [label, p] : of_a) entropy -= p * std::log2(p);
  for (const auto& [label, p] : of_b) entropy -= p * std::log2(p);
  return entropy > 0 ? 2 * information / entropy : 1;
}

void measure_clusters(const std::vector<RouteDomain>& domains, std::size_t each) {
  std::printf("\n## Clusters of the %zu sources, at most %zu documents each\n\n| features | bytes | k | seed | mean similarity | NMI | documents "
              "in the largest source of their cluster | seconds |\n|---|---|---|---|---|---|---|---|\n", domains.size(), each);
  for (const FeatureKind kind : {FeatureKind::kWords, FeatureKind::kWordsAndPairs, FeatureKind::kCharacters}) {
    for (const std::size_t bytes : {std::size_t{2048}, kFeatureBytes}) {
      const FeatureSpec spec{kind, 12, 4, 4, 512};
      std::vector<Features> features;
      std::vector<std::uint32_t> labels;
      for (std::uint32_t d = 0; d < domains.size(); ++d) {
        for (std::size_t i = 0; i < std::min(each, domains[d].train.size()); ++i) {
          features.push_back(extract_features(as_bytes(domains[d].train[i].text), bytes, spec));
          labels.push_back(d);
        }
      }
      const TfIdf weights(features, spec.log2_buckets);
      std::vector<DocumentVector> vectors;
      for (const Features& f : features) vectors.push_back(weights.vector_of(f));
      for (const std::uint32_t k : {8u, 13u}) {
        for (const std::uint64_t seed : {1u, 2u, 3u}) {
          const auto start = std::chrono::steady_clock::now();
          auto made = cluster(vectors, spec.log2_buckets, {k, seed, 4, 50});
          if (!made) continue;
          const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
          std::vector<std::vector<std::size_t>> table(k, std::vector<std::size_t>(domains.size()));
          for (std::size_t i = 0; i < labels.size(); ++i) ++table[made->labels[i]][labels[i]];
          std::size_t pure = 0;
          for (const auto& row : table) pure += *std::max_element(row.begin(), row.end());
          std::printf("| %s | %zu | %u | %llu | %.3f | %.3f | %.1f%% | %.1f |\n", name_of(kind), bytes, k,
                      static_cast<unsigned long long>(seed), made->mean_similarity, shared_information(made->labels, labels),
                      100.0 * double(pure) / double(labels.size()), seconds);
          std::fflush(stdout);
        }
      }
    }
  }
}

int run(const std::string& corpus) {
  auto domains = read_route_domains(corpus);
  if (!domains) {
    std::fprintf(stderr, "route_accuracy: %s\n", domains.error().message.c_str());
    return 1;
  }
  std::printf("| domain | train documents | train bytes | test documents |\n|---|---|---|---|\n");
  for (std::size_t d = 0; d < domains->size(); ++d) {
    std::size_t bytes = 0;
    for (const RouteText& text : (*domains)[d].train) bytes += text.text.size();
    std::printf("| %zu %s | %zu | %zu | %zu |\n", d + 1, (*domains)[d].name.c_str(), (*domains)[d].train.size(), bytes,
                (*domains)[d].test.size());
  }
  const std::vector<RouteDomain> prompted(domains->begin(), domains->begin() + kPromptedDomains);
  for (const bool mixture : {false, true}) measure_profiles(*domains, &RouteText::text, "text", mixture);
  for (const bool mixture : {false, true}) measure_profiles(prompted, &RouteText::prompt, "prompt", mixture);
  compare_methods(*domains, &RouteText::text, "text");
  compare_methods(prompted, &RouteText::prompt, "prompt");
  measure_clusters(*domains, 300);
  return 0;
}

}  // namespace
}  // namespace koan

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: route_accuracy CORPUS_FOLDER\n", stderr);
    return 2;
  }
  return koan::run(argv[1]);
}
