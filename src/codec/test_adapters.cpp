#include "codec/test_adapters.h"

#include <random>

#include "formats/adapter.h"
#include "model/weights.h"
#include "route/profile.h"

namespace koan {
namespace {

constexpr std::uint32_t kRank = 2;

// Uniform in -size..size. Integers of a generator that the standard defines, scaled exactly: distributions differ
// between libraries.
std::vector<float> uniform(std::mt19937& random, std::size_t n, float size) {
  std::vector<float> out(n);
  for (float& value : out) {
    const auto integer = static_cast<std::int32_t>(random() >> 8) - (1 << 23);
    value = size * (static_cast<float>(integer) * 0x1p-23f);
  }
  return out;
}

std::vector<std::int64_t> profile_of(ByteView text) {
  ProfileBuilder builder;
  if (!text.empty()) builder.add(text);
  return builder.finish();
}

}  // namespace

Bytes make_adapter(const Model& base, const TestAdapter& options) {
  Adapter out;
  out.name = "test-" + std::to_string(options.seed);
  out.architecture = base.config().architecture;
  out.alpha = kRank;
  std::mt19937 random(options.seed);
  const auto linear = base.weights().linear_layers();
  // A sum of kRank products of two uniform numbers has the deviation sqrt(kRank) / 3 of their sizes.
  const auto size = static_cast<float>(options.strength * 2.1213203435596424);
  for (std::uint32_t block = 0; block < base.config().layers; ++block) {
    for (const unsigned pick : {options.seed, options.seed + 3}) {
      const Weights::Linear& matrix = linear[pick % linear.size()];
      const auto in = static_cast<std::uint32_t>(matrix.in), rows = static_cast<std::uint32_t>(matrix.out);
      std::vector<float> a = uniform(random, std::size_t{kRank} * in, 1),
                         b = uniform(random, std::size_t{kRank} * rows, size);
      out.tensors.push_back({"blk." + std::to_string(block) + "." + std::string(matrix.name), kRank, in, rows,
                             std::move(a), std::move(b)});
    }
  }
  if (options.base_sha256 != "none") {
    out.metadata["koan.adapter.base_sha256"] =
        options.base_sha256.empty() ? to_hex(base.sha256()) : options.base_sha256;
  }
  if (!options.note.empty()) out.metadata["general.description"] = options.note;
  write_profiles(out.metadata, profile_of(options.like_text), profile_of(options.like_prompt));
  return write_adapter(out);
}

}  // namespace koan
