// Hashed features of a text, by which an adapter is chosen and a corpus is grouped (docs/routing.md section 1).
// Integers only: the same on every machine. Feature hashing: Weinberger et al. 2009.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace koan {

enum class FeatureKind : std::uint8_t { kWords, kWordsAndPairs, kCharacters };

struct FeatureSpec {
  FeatureKind kind = FeatureKind::kWordsAndPairs;
  std::uint8_t log2_buckets = 12;  // 1 to 16
  std::uint8_t cap = 4;            // each stretch of a document counts a bucket at most so often; at least 1
  std::uint8_t characters = 4;     // length of kCharacters, 1 to 8
  std::uint16_t stretch = 512;     // bytes; at least 1. By stretches, long and short documents count alike.
};

// What profiles in adapters are made of. Changing it needs a new version in profile.cpp.
inline constexpr FeatureSpec kRouterFeatures{};
// Bytes looked at: a domain shows itself early, and the work stays bounded (measured: docs/routing.md section 4).
inline constexpr std::size_t kFeatureBytes = std::size_t{1} << 14;

struct FeatureCount {
  std::uint32_t bucket = 0;
  std::uint32_t count = 0;  // 1 to cap times the number of stretches
  friend bool operator==(const FeatureCount&, const FeatureCount&) = default;
};
using Features = std::vector<FeatureCount>;  // by bucket, ascending

// Text may arrive in pieces; where it is cut never changes the result.
class FeatureExtractor {
 public:
  explicit FeatureExtractor(std::size_t limit = kFeatureBytes, const FeatureSpec& spec = kRouterFeatures);

  // Takes the first `limit` bytes, over all calls; the rest is passed over.
  void add(ByteView text);
  // The features of what was added. The extractor is then ready for the next text.
  Features finish();

 private:
  enum class Run : std::uint8_t { kNone, kWord, kNumber, kMark, kSpace };

  void add_word_byte(std::uint8_t byte);
  void add_character(std::uint8_t byte);
  void end_run();
  void count(std::uint32_t hash);
  void end_stretch();

  FeatureSpec spec_;
  std::size_t limit_, left_;
  std::size_t stretch_left_;
  std::vector<std::uint32_t> counts_;   // by bucket; at most 2 * limit, which fits
  std::vector<std::uint32_t> stretch_;  // the same of this stretch
  std::vector<std::uint32_t> touched_;  // buckets above 0 in it
  Run run_ = Run::kNone;
  std::uint32_t hash_ = 0;      // of the run so far
  std::uint32_t previous_ = 0;  // hash of the token before; 0 at the start
  std::uint32_t length_ = 0;    // of the run, counted up to a small number
  std::uint32_t lines_ = 0;     // line ends in a run of space
  std::uint8_t last_ = 0;       // last byte of the run
  std::uint64_t window_ = 0;    // last eight bytes, for kCharacters
  std::uint32_t filled_ = 0;
};

Features extract_features(ByteView text, std::size_t limit = kFeatureBytes, const FeatureSpec& spec = kRouterFeatures);

}  // namespace koan
