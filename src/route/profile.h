// The profile of a domain, stored in an adapter, and the choice among adapters by it (docs/routing.md sections 2 and 3):
// a multinomial naive-Bayes classifier over hashed features (features.h), in integers. Nothing here is needed to decode.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/gguf.h"
#include "route/features.h"

namespace koan {

inline constexpr const char* kTextProfileKey = "koan.router.text";
inline constexpr const char* kPromptProfileKey = "koan.router.prompt";

struct Profile {
  std::vector<std::int32_t> log2;  // log2 of each bucket's probability, in 1/256 bits: -16384 to 0; empty: no profile
  bool empty() const noexcept { return log2.empty(); }
};

// Collects the texts (or the prompts) that an adapter is trained on.
class ProfileBuilder {
 public:
  explicit ProfileBuilder(const FeatureSpec& spec = kRouterFeatures);

  void add(ByteView document);  // its first kFeatureBytes
  void add(const Features& features);
  std::uint64_t documents() const noexcept { return documents_; }
  Profile profile() const;  // empty if nothing was added
  // The value of a metadata key: version, then the profile. Empty if nothing was added: store no key then.
  std::vector<std::int64_t> finish() const;

 private:
  FeatureExtractor extractor_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0, documents_ = 0;
};

// What a metadata value holds. An empty value or a version that this koan does not know is no profile; kCorrupt (naming
// `key`): another size or a number out of range.
Result<Profile> parse_profile(std::span<const std::int64_t> value, const std::string& key);

// The profiles of one adapter. Either may be empty.
struct AdapterProfiles {
  Profile text, prompt;
};
Result<AdapterProfiles> read_profiles(const std::map<std::string, GgufValue>& metadata);
// Sets or, for an empty value, removes the two keys. The values are those of ProfileBuilder::finish().
void write_profiles(std::map<std::string, GgufValue>& metadata, std::vector<std::int64_t> text,
                    std::vector<std::int64_t> prompt);

// log2 of the probability of the features under the profile, in 1/256 bits. Comparable between profiles for the same
// features only. At most 2 * kFeatureBytes features of 16384 each: below 2^30.
std::int64_t score(const Features& features, const Profile& profile) noexcept;

struct Ranked {
  std::size_t index = 0;   // into what was ranked
  std::int64_t score = 0;  // 0 without a profile
  bool known = false;      // it has a profile
};
// Best first; equal ones, and all without a profile behind the others, in their order.
std::vector<Ranked> rank(const Features& features, std::span<const Profile* const> profiles);
// The same by the beginning of a text, and by a prompt (or context).
std::vector<Ranked> rank_by_text(ByteView text, std::span<const AdapterProfiles> adapters);
std::vector<Ranked> rank_by_prompt(ByteView prompt, std::span<const AdapterProfiles> adapters);

}  // namespace koan
