#include "model/kv_cache.h"

#include <algorithm>
#include <cstring>

namespace koan {
namespace {

std::size_t head_count(const KvCache::Shape& shape) noexcept {
  return static_cast<std::size_t>(shape.layers) * shape.streams * shape.kv_heads;
}

// Bits `from`..`to`-1 of a block's mask, 0 <= from <= to <= 16.
std::uint32_t lanes(std::uint32_t from, std::uint32_t to) noexcept { return (1u << to) - (1u << from); }

}  // namespace

// A window of W positions touches at most (W + 14) / 16 + 1 blocks, the one being written included.
std::uint32_t KvCache::ring_blocks(Window window) noexcept { return (window.size + kRowBlock - 2) / kRowBlock + 1; }

std::uint64_t KvCache::memory_needed(const Shape& shape, Window window) noexcept {
  const std::uint64_t slots = std::uint64_t{ring_blocks(window)} + 1;
  const std::uint64_t position = 2 * (shape.head_stride + shape.head_stride / kGroup * sizeof(float));
  return std::uint64_t{head_count(shape)} * slots * kRowBlock * position;
}

Result<KvCache> KvCache::create(const Shape& shape, Window window) {
  KvCache out;
  out.shape_ = shape;
  out.ring_ = ring_blocks(window);
  const std::size_t positions = head_count(shape) * (out.ring_ + 1) * kRowBlock;
  const std::size_t elements = positions * shape.head_stride, groups = elements / kGroup;
  if (!out.keys_.allocate(elements) || !out.values_.allocate(elements) || !out.key_scales_.allocate(groups) ||
      !out.value_scales_.allocate(groups)) {
    return Error{ErrorCode::kLimit, "not enough memory for the key/value cache"};
  }
  return out;
}

// Layers outermost: one pass over a layer for all streams stays in one piece of memory.
KvCache::Head KvCache::head(std::uint32_t layer, std::uint32_t stream, std::uint32_t kv_head) noexcept {
  const std::size_t index = (static_cast<std::size_t>(layer) * shape_.streams + stream) * shape_.kv_heads + kv_head;
  const std::size_t element = index * (ring_ + 1) * kRowBlock * shape_.head_stride, group = element / kGroup;
  return {keys_.data() + element, key_scales_.data() + group, values_.data() + element, value_scales_.data() + group};
}

void KvCache::store(const Head& head, std::uint64_t position, const std::int8_t* key, const float* key_scale,
                    const std::int8_t* value, const float* value_scale) const noexcept {
  const std::size_t width = shape_.head_stride;
  const std::size_t slot = slot_of(position / kRowBlock);
  const std::size_t lane = position % kRowBlock;
  std::int8_t* keys = head.keys + slot * width * kRowBlock + lane * 4;
  for (std::size_t i = 0; i < width; i += 4) std::memcpy(keys + i * kRowBlock, key + i, 4);
  const std::size_t first_group = slot * (width / kGroup);
  for (std::size_t g = 0; g < width / kGroup; ++g, value += kGroup) {
    head.key_scales[(first_group + g) * kRowBlock + lane] = key_scale[g];
    head.value_scales[(first_group + g) * kRowBlock + lane] = value_scale[g];
    std::int8_t* values = head.values + (first_group + g) * kRowBlock * kGroup;
    for (std::int32_t i = 0; i < kGroup; ++i) values[value_at(i, static_cast<std::int32_t>(lane))] = value[i];
  }
}

std::int32_t KvCache::list_blocks(std::uint64_t position, Window window, AttentionBlock* out) const noexcept {
  const std::uint64_t first = position >= window.size ? position - window.size + 1 : 0;  // of the window
  const auto sinks = static_cast<std::uint32_t>(std::min<std::uint64_t>(window.sinks, first));
  const bool sink_query = uses_sink_query(window, position);
  AttentionBlock* const begin = out;
  std::uint32_t mask = 0;  // of block 0: sinks that are reached with the ordinary query join the window's positions
  if (sink_query) {
    *out++ = {slot_of(0), 0, static_cast<std::uint16_t>(lanes(0, sinks)), 1};
  } else {
    mask = lanes(0, sinks);
  }
  std::uint64_t block = first / kRowBlock;
  if (mask != 0 && block != 0) {
    *out++ = {slot_of(0), 0, static_cast<std::uint16_t>(mask), 0};
    mask = 0;
  }
  const std::uint64_t last = position / kRowBlock;
  std::uint32_t slot = slot_of(block);
  for (; block <= last; ++block) {
    const auto from = static_cast<std::uint32_t>(block == first / kRowBlock ? first % kRowBlock : 0);
    const auto to = static_cast<std::uint32_t>(block == last ? position % kRowBlock + 1 : kRowBlock);
    mask |= lanes(from, to);
    // A position number above 2^32 wraps; only its place within groups of 128 matters to the kernel.
    *out++ = {slot, static_cast<std::uint32_t>(block * kRowBlock), static_cast<std::uint16_t>(mask), 0};
    mask = 0;
    slot = block == 0 || slot + 1 == ring_ ? slot_of(block + 1) : slot + 1;
  }
  return static_cast<std::int32_t>(out - begin);
}

}  // namespace koan
