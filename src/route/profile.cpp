#include "route/profile.h"

#include <algorithm>

#include "route/fixed_log2.h"

namespace koan {
namespace {

// First number of a stored profile: stands for kRouterFeatures and the unit of the numbers behind it.
constexpr std::int64_t kVersion = 1;
constexpr std::int32_t kLowest = -64 * 256;  // no probability of 64-bit counts is below 2^-64
// Every bucket starts with this many sixteenths of an occurrence (Lidstone smoothing; measured: docs/routing.md).
constexpr std::uint64_t kPrior16 = 16;

std::vector<Ranked> rank_by(ByteView bytes, std::span<const AdapterProfiles> adapters, Profile AdapterProfiles::*which) {
  std::vector<const Profile*> profiles;
  for (const AdapterProfiles& adapter : adapters) profiles.push_back(&(adapter.*which));
  return rank(extract_features(bytes), profiles);
}

}  // namespace

ProfileBuilder::ProfileBuilder(const FeatureSpec& spec)
    : extractor_(kFeatureBytes, spec), counts_(std::size_t{1} << spec.log2_buckets) {}

void ProfileBuilder::add(ByteView document) {
  extractor_.add(document);
  add(extractor_.finish());
}

void ProfileBuilder::add(const Features& features) {
  for (const FeatureCount& feature : features) {
    counts_[feature.bucket] += feature.count;
    total_ += feature.count;
  }
  ++documents_;
}

Profile ProfileBuilder::profile() const {
  Profile out;
  if (total_ == 0) return out;
  const std::int32_t whole = log2_256(total_ * 16 + kPrior16 * counts_.size());
  for (const std::uint64_t count : counts_)
    out.log2.push_back(std::clamp(log2_256(count * 16 + kPrior16) - whole, kLowest, 0));
  return out;
}

std::vector<std::int64_t> ProfileBuilder::finish() const {
  const Profile made = profile();
  std::vector<std::int64_t> out;
  if (made.empty()) return out;
  out.push_back(kVersion);
  out.insert(out.end(), made.log2.begin(), made.log2.end());
  return out;
}

Result<Profile> parse_profile(std::span<const std::int64_t> value, const std::string& key) {
  Profile out;
  if (value.empty() || value[0] != kVersion) return out;
  const std::size_t buckets = std::size_t{1} << kRouterFeatures.log2_buckets;
  if (value.size() != buckets + 1)
    return Error{ErrorCode::kCorrupt, key + " has " + std::to_string(value.size()) + " numbers instead of " +
                                          std::to_string(buckets + 1)};
  for (const std::int64_t number : value.subspan(1)) {
    if (number < kLowest || number > 0)
      return Error{ErrorCode::kCorrupt, key + " holds " + std::to_string(number) + ", which is no log2 probability"};
    out.log2.push_back(static_cast<std::int32_t>(number));
  }
  return out;
}

Result<AdapterProfiles> read_profiles(const std::map<std::string, GgufValue>& metadata) {
  AdapterProfiles out;
  for (const auto& [key, target] : {std::pair{kTextProfileKey, &out.text}, std::pair{kPromptProfileKey, &out.prompt}}) {
    const auto it = metadata.find(key);
    if (it == metadata.end()) continue;
    const auto* value = std::get_if<std::vector<std::int64_t>>(&it->second);
    if (value == nullptr) return Error{ErrorCode::kCorrupt, std::string(key) + " is no array of integers"};
    KOAN_ASSIGN(*target, parse_profile(*value, key));
  }
  return out;
}

void write_profiles(std::map<std::string, GgufValue>& metadata, std::vector<std::int64_t> text,
                    std::vector<std::int64_t> prompt) {
  for (const auto& [key, value] : {std::pair{kTextProfileKey, &text}, std::pair{kPromptProfileKey, &prompt}}) {
    metadata.erase(key);
    if (!value->empty()) metadata.emplace(key, std::move(*value));
  }
}

std::int64_t score(const Features& features, const Profile& profile) noexcept {
  std::int64_t out = 0;
  for (const FeatureCount& feature : features)
    out += std::int64_t{feature.count} * profile.log2[feature.bucket];
  return out;
}

std::vector<Ranked> rank(const Features& features, std::span<const Profile* const> profiles) {
  std::vector<Ranked> out;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const bool known = !profiles[i]->empty();
    out.push_back({i, known ? score(features, *profiles[i]) : 0, known});
  }
  std::stable_sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) {
    return a.known != b.known ? a.known : a.score > b.score;
  });
  return out;
}

std::vector<Ranked> rank_by_text(ByteView text, std::span<const AdapterProfiles> adapters) {
  return rank_by(text, adapters, &AdapterProfiles::text);
}

std::vector<Ranked> rank_by_prompt(ByteView prompt, std::span<const AdapterProfiles> adapters) {
  return rank_by(prompt, adapters, &AdapterProfiles::prompt);
}

}  // namespace koan
