#include "model/kv_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace koan {
namespace {

constexpr KvCache::Shape kShape{2, 3, 2, 32};

// Position -> with the sink query or not, as the contract has it.
std::map<std::uint64_t, bool> expected(std::uint64_t position, Window window) {
  std::map<std::uint64_t, bool> out;
  for (std::uint64_t j = 0; j <= position; ++j) {
    if (position - j < window.size) {
      out[j] = false;
    } else if (j < window.sinks) {
      out[j] = position > std::uint64_t{window.size} + window.sinks - 1;
    }
  }
  return out;
}

TEST(KvCache, ListsExactlyTheAttendedPositions) {
  for (const std::uint32_t size : {16u, 17u, 18u, 31u, 32u, 40u, 100u}) {
    for (const std::uint32_t sinks : {0u, 1u, 4u, 15u, 16u}) {
      const Window window{size, sinks};
      auto cache = KvCache::create(kShape, window);
      ASSERT_TRUE(cache);
      std::vector<AttentionBlock> blocks(cache->max_blocks());
      for (std::uint64_t position = 0; position < 400; ++position) {
        const std::int32_t n = cache->list_blocks(position, window, blocks.data());
        ASSERT_GE(n, 1);
        ASSERT_LE(static_cast<std::uint32_t>(n), cache->max_blocks());
        std::map<std::uint64_t, bool> listed;
        std::map<std::uint32_t, std::uint32_t> position_of_slot;
        for (std::int32_t i = 0; i < n; ++i) {
          const AttentionBlock& block = blocks[static_cast<std::size_t>(i)];
          EXPECT_NE(block.mask, 0);
          EXPECT_EQ(block.position % 16, 0u);
          EXPECT_LT(block.slot, cache->max_blocks());
          EXPECT_GE(block.position, blocks[static_cast<std::size_t>(i > 0 ? i - 1 : 0)].position);
          const auto [other, fresh] = position_of_slot.emplace(block.slot, block.position);
          EXPECT_TRUE(fresh || other->second == block.position) << "two blocks in one slot";
          for (std::uint32_t lane = 0; lane < 16; ++lane) {
            if (!(block.mask >> lane & 1)) continue;
            EXPECT_TRUE(listed.emplace(block.position + lane, block.sink == 1).second) << "twice";
          }
        }
        ASSERT_EQ(listed, expected(position, window)) << "W " << size << " S " << sinks << " p " << position;
      }
    }
  }
}

// Writes a recognisable key, scale and value for every position, then reads back what the list of a position refers to.
TEST(KvCache, KeepsWhatTheListRefersTo) {
  const Window window{33, 4};
  auto cache = KvCache::create(kShape, window);
  ASSERT_TRUE(cache);
  std::vector<AttentionBlock> blocks(cache->max_blocks());
  const KvCache::Head head = cache->head(1, 2, 1);
  const KvCache::Head neighbour = cache->head(1, 2, 0);
  for (std::uint64_t p = 0; p < 300; ++p) {
    std::int8_t key[32], value[32];
    for (int i = 0; i < 32; ++i) {
      key[i] = static_cast<std::int8_t>((p * 7 + static_cast<std::uint64_t>(i)) % 127);
      value[i] = static_cast<std::int8_t>((p * 11 + static_cast<std::uint64_t>(i)) % 127);
    }
    const float scale = static_cast<float>(p) + 0.5f, value_scale = static_cast<float>(p) + 0.25f;
    cache->store(head, p, key, &scale, value, &value_scale);
    const std::int32_t n = cache->list_blocks(p, window, blocks.data());
    for (std::int32_t b = 0; b < n; ++b) {
      const AttentionBlock& block = blocks[static_cast<std::size_t>(b)];
      for (std::uint32_t lane = 0; lane < 16; ++lane) {
        if (!(block.mask >> lane & 1)) continue;
        const std::uint64_t j = block.position + lane;
        ASSERT_EQ(head.key_scales[block.slot * 16 + lane], static_cast<float>(j) + 0.5f);
        ASSERT_EQ(head.value_scales[block.slot * 16 + lane], static_cast<float>(j) + 0.25f);
        for (std::uint32_t i = 0; i < 32; ++i) {
          ASSERT_EQ(head.keys[block.slot * 512 + i / 4 * 64 + lane * 4 + i % 4],
                    static_cast<std::int8_t>((j * 7 + i) % 127));
          ASSERT_EQ(head.values[block.slot * 512 + i / 16 * 256 + lane / 4 * 64 + i % 16 * 4 + lane % 4],
                    static_cast<std::int8_t>((j * 11 + i) % 127));
        }
      }
    }
  }
  for (std::uint32_t i = 0; i < cache->max_blocks() * 16; ++i)
    ASSERT_EQ(neighbour.key_scales[i], 0.0f) << "another head was written";
}

}  // namespace
}  // namespace koan
