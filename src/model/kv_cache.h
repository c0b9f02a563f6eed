// Keys and values of every stream, layer and key/value head: a ring of blocks of 16 positions that covers the window,
// and one block that stays for ever, positions 0..15, for the attention sinks (numerics section 8). Layout of a block:
// kernels.h, AttentionArgs.
#pragma once

#include "base/result.h"
#include "kernels/kernels.h"
#include "model/aligned_buffer.h"
#include "model/streams.h"

namespace koan {

// What position the sink query is rotated as: the furthest that the model has seen a sink from.
inline std::uint64_t sink_position(Window window) noexcept { return std::uint64_t{window.size} + window.sinks - 1; }
// True when the sinks of this position are outside its window and further away than the model has seen: then they are
// reached with the sink query, not with the ordinary one.
inline bool uses_sink_query(Window window, std::uint64_t position) noexcept {
  return window.sinks > 0 && position > sink_position(window);
}

class KvCache {
 public:
  struct Shape {
    std::uint32_t layers;
    std::uint32_t streams;
    std::uint32_t kv_heads;
    std::uint32_t head_stride;  // head size, padded to 32
  };
  // Slots of one head, as AttentionArgs wants them.
  struct Head {
    std::int8_t* keys;
    float* key_scales;
    std::int8_t* values;
    float* value_scales;
  };

  // kLimit if the memory cannot be had. The window is within its limits.
  static Result<KvCache> create(const Shape& shape, Window window);
  // What create() will take, so that a limit can be checked first.
  static std::uint64_t memory_needed(const Shape& shape, Window window) noexcept;

  Head head(std::uint32_t layer, std::uint32_t stream, std::uint32_t kv_head) noexcept;
  // Stores what a position contributes: its key and its value, both quantised. Any older position that shared its place
  // is gone; rows of a stream must therefore attend before the next row of it is stored.
  void store(const Head& head, std::uint64_t position, const std::int8_t* key, const float* key_scale,
             const std::int8_t* value, const float* value_scale) const noexcept;

  // Blocks that a query at `position` attends to, ascending; returns how many, at most max_blocks(). `window` is the
  // layer's, no wider than that of create() and of no more sinks.
  std::int32_t list_blocks(std::uint64_t position, Window window, AttentionBlock* out) const noexcept;
  std::uint32_t max_blocks() const noexcept { return ring_ + 1; }

 private:
  static std::uint32_t ring_blocks(Window window) noexcept;
  std::uint32_t slot_of(std::uint64_t block) const noexcept {
    return static_cast<std::uint32_t>(block == 0 ? ring_ : block % ring_);
  }

  Shape shape_{};
  std::uint32_t ring_ = 0;  // blocks in the ring; slot ring_ is the block that stays
  AlignedBuffer<std::int8_t> keys_;
  AlignedBuffer<float> key_scales_;
  AlignedBuffer<std::int8_t> values_;
  AlignedBuffer<float> value_scales_;
};

}  // namespace koan
