// The forward pass behind Streams: scratch memory, caches, and the order of numerics section 10.
#pragma once

#include <memory>
#include <vector>

#include "base/team.h"
#include "model/kv_cache.h"
#include "model/rope.h"
#include "model/streams.h"
#include "model/weights.h"

namespace koan {

struct Streams::Impl {
  std::shared_ptr<const Weights> weights;
  const Kernels* kernels = nullptr;
  std::uint32_t max_rows = 0;
  KvCache cache;
  std::vector<std::uint64_t> lengths;  // positions each stream has
  std::uint64_t scratch_bytes = 0;

  // One entry per row of the current call.
  struct RowState {
    std::uint64_t position;
    std::uint32_t stream;
    std::uint32_t total;  // of its frequencies, 0 while they are not computed
  };
  std::vector<RowState> rows;

  // Which positions a layer sees and how it rotates: one for all layers, and one for those with a sliding window of
  // their own, if there are any.
  struct Reach {
    Window window;
    Rope rope;
    std::vector<std::int32_t> n_blocks;    // [max_rows]
    AlignedBuffer<AttentionBlock> blocks;  // [max_rows][max_blocks]
    AlignedBuffer<float> cosine, sine;     // [max_rows + 1][half]; the last is the angle of sink queries
  };
  std::vector<Reach> reaches;

  AlignedBuffer<float> x;             // [row][width], the residual stream
  AlignedBuffer<float> hidden;        // [row][input of the next linear layer]
  AlignedBuffer<std::int8_t> quants;  // the same, quantised
  AlignedBuffer<float> quant_scales;
  AlignedBuffer<float> result;         // [row][output of a linear layer]
  AlignedBuffer<float> logits;         // [row][vocabulary]
  AlignedBuffer<std::uint32_t> freqs;  // [row][vocabulary]
  AlignedBuffer<float> mixed;          // [row][head][head_stride], attention's result where heads are padded

  // For the heads that share one key/value head, one row at a time.
  struct HeadScratch {
    AlignedBuffer<float> rotated;
    AlignedBuffer<std::int8_t> query, sink_query, key, value;
    AlignedBuffer<float> query_scale, sink_query_scale, key_scale, value_scale;
    AlignedBuffer<float> scores;
  };
  std::unique_ptr<Team> team;             // null: this thread alone
  std::vector<HeadScratch> head_scratch;  // one for each member

  Status allocate(std::uint32_t n_streams, Window window);
  Status use_threads(unsigned n);
  void forward(std::span<const Row> batch) noexcept;
  // Of a row of the last forward(), and, since they are asked for in order, of as many more as the team has members.
  void count_frequencies(std::uint32_t row) noexcept;

 private:
  struct Sizes;
  void make_reaches(Window window);
  const Reach& reach_of(std::uint32_t layer) const noexcept {
    return weights->config.local.contains(layer) ? reaches.back() : reaches.front();
  }
  unsigned members() const noexcept { return team ? team->members() : 1; }
  // fn(part) for every member of the team, side by side.
  template <typename Fn>
  void share(Fn fn) noexcept;
  // fn(row) for the rows first..last-1, side by side.
  template <typename Fn>
  void each_row(std::uint32_t first, std::uint32_t last, Fn fn) noexcept;
  void begin_rows(std::span<const Row> batch) noexcept;
  void attention_part(const LayerWeights& layer, std::uint32_t index) noexcept;
  void feed_forward_part(const LayerWeights& layer) noexcept;
  void output_part() noexcept;
  void normalise_row(const AlignedBuffer<float>& weight, std::size_t row) noexcept;
  // out = matrix * quantise(hidden) for all rows, when make_row(row) has filled its row of hidden.
  template <typename Fn>
  void linear(const PackedStorage& matrix, float* out, Fn make_row) noexcept;
  void add_result(std::size_t stride, const AlignedBuffer<float>& post_norm) noexcept;
  void attend_head(const LayerWeights& layer, std::uint32_t index, std::uint32_t row, std::uint32_t kv_head,
                   HeadScratch& scratch) noexcept;
  void unpad_heads(std::size_t row, std::size_t width) noexcept;
  void norm_head(const AlignedBuffer<float>& weight, float* head) const noexcept;
  void store_position(const LayerWeights& layer, const Reach& reach, std::uint32_t row, const KvCache::Head& head,
                      float* key_in, const float* value_in, HeadScratch& scratch) noexcept;
  void quantise_query(const float* heads, const Reach& reach, std::size_t angle_row, float* rotated, std::int8_t* out,
                      float* out_scale) const noexcept;
};

}  // namespace koan
