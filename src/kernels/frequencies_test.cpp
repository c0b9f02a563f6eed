// The largest vocabulary of numerics section 9, 2^19: the total stays where the coder needs it, whatever the logits
// are.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>

#include "kernels/dispatch.h"

namespace koan {
namespace {

constexpr std::size_t kVocabulary = std::size_t{1} << 19;

template <typename T>
std::unique_ptr<T[], void (*)(void*)> aligned(std::size_t n) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, n * sizeof(T)) != 0) std::abort();
  return {static_cast<T*>(memory), std::free};
}

TEST(LargestVocabulary, TotalsStayInRange) {
  const auto logits = aligned<float>(kVocabulary);
  const auto freqs = aligned<std::uint32_t>(kVocabulary);
  std::mt19937 random(1);
  std::size_t ran = 0;
  for (const std::string_view isa : isa_names()) {
    const auto kernels = kernels_for(isa);
    if (!kernels) continue;
    ++ran;
    for (const float range : {0.0f, 1e-3f, 1.0f, 8.0f, 80.0f}) {
      std::uniform_real_distribution<float> uniform(-range, range);
      for (std::size_t i = 0; i < kVocabulary; ++i) logits[i] = range == 0 ? 1.5f : uniform(random);
      const std::uint32_t total =
          (*kernels)->frequencies(logits.get(), static_cast<std::int32_t>(kVocabulary), freqs.get());
      EXPECT_EQ(std::accumulate(freqs.get(), freqs.get() + kVocabulary, std::uint64_t{0}), total) << isa << range;
      EXPECT_GT(total, 1u << 30) << isa << " " << range;
      EXPECT_LT(total, 1u << 31) << isa << " " << range;
      EXPECT_EQ((*kernels)->sum(freqs.get(), static_cast<std::int32_t>(kVocabulary)), total) << isa;
    }
  }
  EXPECT_GE(ran, 1u);
}

}  // namespace
}  // namespace koan
