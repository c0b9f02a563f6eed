#include "model/kv_cache.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"

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
  const std::uint64_t position = shape.head_stride * 3 + shape.head_stride / kGroup * sizeof(float);
  return std::uint64_t{head_count(shape)} * slots * kRowBlock * position;
}

Result<KvCache> KvCache::create(const Shape& shape, Window window) {
  KvCache out;
  out.shape_ = shape;
  out.ring_ = ring_blocks(window);
  const std::size_t positions = head_count(shape) * (out.ring_ + 1) * kRowBlock;
  if (!out.keys_.allocate(positions * shape.head_stride) || !out.values_.allocate(positions * shape.head_stride) ||
      !out.key_scales_.allocate(positions * (shape.head_stride / kGroup))) {
    return Error{ErrorCode::kLimit, "not enough memory for the key/value cache"};
  }
  return out;
}

// Layers outermost: one pass over a layer for all streams stays in one piece of memory.
KvCache::Head KvCache::head(std::uint32_t layer, std::uint32_t stream, std::uint32_t kv_head) noexcept {
  const std::size_t index = (static_cast<std::size_t>(layer) * shape_.streams + stream) * shape_.kv_heads + kv_head;
  const std::size_t position = index * (ring_ + 1) * kRowBlock;
  return {keys_.data() + position * shape_.head_stride, key_scales_.data() + position * (shape_.head_stride / kGroup),
          values_.data() + position * shape_.head_stride};
}

void KvCache::store(const Head& head, std::uint64_t position, const std::int8_t* key, const float* key_scale,
                    const float* value) const noexcept {
  const std::size_t width = shape_.head_stride;
  const std::size_t slot = slot_of(position / kRowBlock);
  const std::size_t lane = position % kRowBlock;
  std::int8_t* keys = head.keys + slot * width * kRowBlock + lane * 4;
  for (std::size_t i = 0; i < width; i += 4) std::memcpy(keys + i * kRowBlock, key + i, 4);
  float* scales = head.key_scales + slot * (width / kGroup) * kRowBlock + lane;
  for (std::size_t g = 0; g < width / kGroup; ++g) scales[g * kRowBlock] = key_scale[g];
  std::uint16_t* values = head.values + (slot * kRowBlock + lane) * width;
  for (std::size_t i = 0; i < width; ++i) values[i] = float_to_bf16(value[i]);
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
