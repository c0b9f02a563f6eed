#include "model/forward.h"

#include <algorithm>
#include <cstring>

namespace koan {

// All rows of a call pass through a layer together, so that every weight is read once per call. A team shares a step of
// many rows by rows, a matrix by its own rows and attention by key/value heads, whose rows must go in order.
void Streams::Impl::forward(std::span<const Row> batch) noexcept {
  begin_rows(batch);
  for (std::uint32_t i = 0; i < weights->layers.size(); ++i) {
    attention_part(weights->layers[i], i);
    feed_forward_part(weights->layers[i]);
  }
  output_part();
}

template <typename Fn>
void Streams::Impl::share(Fn fn) noexcept {
  if (team) {
    team->run(fn);
  } else {
    fn(0);
  }
}

template <typename Fn>
void Streams::Impl::each_row(std::uint32_t first, std::uint32_t last, Fn fn) noexcept {
  const auto rows_of = [&](Piece piece) {
    for (std::uint32_t r = first + piece.first; r < first + piece.last; ++r) fn(r);
  };
  if (last - first == 1) return rows_of({0, 1});
  share([&](unsigned part) { rows_of(piece_of(last - first, part, members())); });
}

void Streams::Impl::begin_rows(std::span<const Row> batch) noexcept {
  rows.resize(batch.size());  // within the capacity reserved for max_rows
  const std::size_t width = weights->embedding.padded_in();
  const float scale = weights->config.traits.embedding_scale;
  for (std::size_t r = 0; r < batch.size(); ++r) {
    const std::uint32_t stream = batch[r].stream;
    const std::uint64_t position = lengths[stream]++;
    rows[r] = {position, stream, 0};
    for (Reach& reach : reaches) {
      const std::size_t half = reach.rope.half();
      reach.n_blocks[r] = cache.list_blocks(position, reach.window, reach.blocks.data() + r * cache.max_blocks());
      reach.rope.angles(position, reach.cosine.data() + r * half, reach.sine.data() + r * half);
    }
    float* const to = x.data() + r * width;
    weights->embedding.row(batch[r].token, to);
    if (scale == 1) continue;
    for (std::size_t i = 0; i < width; ++i) to[i] = to[i] * scale;
  }
}

// hidden = rms_norm(x), of one row.
void Streams::Impl::normalise_row(const AlignedBuffer<float>& weight, std::size_t row) noexcept {
  const std::size_t width = weights->embedding.padded_in();
  const ModelConfig& c = weights->config;
  kernels->rms_norm(x.data() + row * width, weight.data(), static_cast<std::int32_t>(c.width), c.norm_eps,
                    hidden.data() + row * width);
}

// The rows of hidden and of out have the strides of the matrix, multiples of a group and of a row block.
template <typename Fn>
void Streams::Impl::linear(const PackedStorage& matrix, float* out, Fn make_row) noexcept {
  const std::size_t in = matrix.padded_in();
  const auto n = static_cast<std::uint32_t>(rows.size());
  each_row(0, n, [&](std::size_t r) {
    make_row(r);
    kernels->quantize(hidden.data() + r * in, static_cast<std::int32_t>(in), quants.data() + r * in,
                      quant_scales.data() + r * in / kGroup);
  });
  const PackedMatrix whole = matrix.matrix();
  share([&](unsigned part) {
    constexpr std::uint32_t kBlocks = 2;  // that kernels like to take together
    const Piece piece = piece_of(static_cast<std::uint32_t>(whole.row_blocks), part, members(), kBlocks);
    if (piece.first == piece.last) return;
    const std::size_t group = std::size_t{piece.first} * static_cast<std::size_t>(whole.groups);
    const PackedMatrix some = {whole.quants + group * kRowBlock * kGroup, whole.scales + group * kRowBlock,
                               static_cast<std::int32_t>(piece.last - piece.first), whole.groups};
    kernels->matmul(some, quants.data(), quant_scales.data(), static_cast<std::int32_t>(n),
                    out + std::size_t{piece.first} * kRowBlock, matrix.padded_rows());
  });
}

// x += result, normalised first where the architecture says so.
void Streams::Impl::add_result(std::size_t stride, const AlignedBuffer<float>& post_norm) noexcept {
  const std::size_t width = weights->embedding.padded_in();
  const ModelConfig& c = weights->config;
  each_row(0, static_cast<std::uint32_t>(rows.size()), [&](std::size_t r) {
    const float* from = result.data() + r * stride;
    if (post_norm.size() != 0) {  // not in place: the norm pads to 32, the rows of `result` to 16
      float* const normed = hidden.data() + r * width;
      kernels->rms_norm(from, post_norm.data(), static_cast<std::int32_t>(c.width), c.norm_eps, normed);
      from = normed;
    }
    kernels->add(x.data() + r * width, from, static_cast<std::int32_t>(stride));
  });
}

void Streams::Impl::attention_part(const LayerWeights& layer, std::uint32_t index) noexcept {
  const ModelConfig& c = weights->config;
  linear(layer.qkv, result.data(), [&](std::size_t r) { normalise_row(layer.attention_norm, r); });
  const std::size_t stride = layer.qkv.padded_rows();
  if (layer.qkv_bias.size() != 0) {
    for (std::uint32_t r = 0; r < rows.size(); ++r)
      kernels->add(result.data() + r * stride, layer.qkv_bias.data(), static_cast<std::int32_t>(stride));
  }
  share([&](unsigned part) {
    const Piece heads = piece_of(c.kv_heads, part, members());
    for (std::uint32_t r = 0; r < rows.size(); ++r) {
      for (std::uint32_t kv = heads.first; kv < heads.last; ++kv) attend_head(layer, index, r, kv, head_scratch[part]);
    }
  });
  linear(layer.attention_output, result.data(),
         [&](std::size_t r) { unpad_heads(r, layer.attention_output.padded_in()); });
  add_result(layer.attention_output.padded_rows(), layer.attention_post_norm);
}

// The query heads of one key/value head: their part of `mixed` or, where heads are not padded, of `hidden`. Rows of one
// stream come in order, so a row finds the keys of all earlier ones whether they were in this call or before it.
void Streams::Impl::attend_head(const LayerWeights& layer, std::uint32_t index, std::uint32_t row,
                                std::uint32_t kv_head, HeadScratch& scratch) noexcept {
  const ModelConfig& c = weights->config;
  const std::size_t head_stride = weights->head_stride;
  const std::uint32_t group = c.heads / c.kv_heads;
  const RowState& state = rows[row];
  const Reach& reach = reach_of(index);
  float* const qkv = result.data() + row * std::size_t{layer.qkv.padded_rows()};
  float* const out = mixed.size() != 0 ? mixed.data() + row * head_stride * c.heads
                                       : hidden.data() + row * std::size_t{layer.attention_output.padded_in()};
  const KvCache::Head head = cache.head(index, state.stream, kv_head);
  store_position(layer, reach, row, head, qkv + (c.heads + kv_head) * head_stride,
                 qkv + (c.heads + c.kv_heads + kv_head) * head_stride, scratch);
  float* const queries = qkv + kv_head * group * head_stride;
  for (std::uint32_t h = 0; h < group; ++h) norm_head(layer.query_norm, queries + h * head_stride);
  float* const rotated = scratch.rotated.data();
  quantise_query(queries, reach, row, rotated, scratch.query.data(), scratch.query_scale.data());
  if (uses_sink_query(reach.window, state.position))
    quantise_query(queries, reach, max_rows, rotated, scratch.sink_query.data(), scratch.sink_query_scale.data());
  kernels->attention({scratch.query.data(), scratch.query_scale.data(), scratch.sink_query.data(),
                      scratch.sink_query_scale.data(), head.keys, head.key_scales, head.values, head.value_scales,
                      reach.blocks.data() + static_cast<std::size_t>(row) * cache.max_blocks(), reach.n_blocks[row],
                      static_cast<std::int32_t>(group), static_cast<std::int32_t>(head_stride), c.traits.score_scale,
                      scratch.scores.data(), out + kv_head * group * head_stride, c.traits.attention_cap});
}

// A row of hidden, `width` wide, from one of mixed, if there is any.
void Streams::Impl::unpad_heads(std::size_t row, std::size_t width) noexcept {
  if (mixed.size() == 0) return;
  const ModelConfig& c = weights->config;
  const std::size_t head_stride = weights->head_stride;
  float* const out = hidden.data() + row * width;
  const float* const from = mixed.data() + row * head_stride * c.heads;
  for (std::uint32_t h = 0; h < c.heads; ++h)
    std::memcpy(out + h * c.head_dim, from + h * head_stride, c.head_dim * sizeof(float));
  const std::size_t used = static_cast<std::size_t>(c.heads) * c.head_dim;
  std::memset(out + used, 0, (width - used) * sizeof(float));
}

void Streams::Impl::norm_head(const AlignedBuffer<float>& weight, float* head) const noexcept {
  const ModelConfig& c = weights->config;
  if (weight.size() == 0) return;
  kernels->rms_norm(head, weight.data(), static_cast<std::int32_t>(c.head_dim), c.norm_eps, head);
}

void Streams::Impl::store_position(const LayerWeights& layer, const Reach& reach, std::uint32_t row,
                                   const KvCache::Head& head, float* key_in, const float* value_in,
                                   HeadScratch& scratch) noexcept {
  norm_head(layer.key_norm, key_in);
  const std::uint32_t half = reach.rope.half();
  const std::size_t angle = static_cast<std::size_t>(row) * half;
  rotate(key_in, reach.cosine.data() + angle, reach.sine.data() + angle, half, scratch.rotated.data());
  const auto width = static_cast<std::int32_t>(weights->head_stride);
  kernels->quantize(scratch.rotated.data(), width, scratch.key.data(), scratch.key_scale.data());
  kernels->quantize(value_in, width, scratch.value.data(), scratch.value_scale.data());
  cache.store(head, rows[row].position, scratch.key.data(), scratch.key_scale.data(), scratch.value.data(),
              scratch.value_scale.data());
}

// The query heads of one key/value head, rotated by the angles of `angle_row` and quantised. The padding of `rotated`
// stays zero.
void Streams::Impl::quantise_query(const float* heads, const Reach& reach, std::size_t angle_row, float* rotated,
                                   std::int8_t* out, float* out_scale) const noexcept {
  const std::uint32_t group = weights->config.heads / weights->config.kv_heads;
  const std::size_t head_stride = weights->head_stride;
  const std::uint32_t half = reach.rope.half();
  const std::size_t angle = angle_row * half;
  for (std::uint32_t h = 0; h < group; ++h) {
    rotate(heads + h * head_stride, reach.cosine.data() + angle, reach.sine.data() + angle, half,
           rotated + h * head_stride);
  }
  kernels->quantize(rotated, static_cast<std::int32_t>(group * head_stride), out, out_scale);
}

void Streams::Impl::feed_forward_part(const LayerWeights& layer) noexcept {
  linear(layer.gate_up, result.data(), [&](std::size_t r) { normalise_row(layer.feed_forward_norm, r); });
  const std::size_t width = weights->feed_forward_stride, stride = layer.gate_up.padded_rows();
  const auto activation = weights->config.traits.gelu ? kernels->gelu_mul : kernels->silu_mul;
  linear(layer.down, result.data(), [&](std::size_t r) {
    const float* const gate = result.data() + r * stride;
    activation(gate, gate + width, static_cast<std::int32_t>(width), hidden.data() + r * width);
  });
  add_result(layer.down.padded_rows(), layer.feed_forward_post_norm);
}

void Streams::Impl::output_part() noexcept {
  linear(weights->output_layer(), logits.data(), [&](std::size_t r) { normalise_row(weights->output_norm, r); });
}

void Streams::Impl::count_frequencies(std::uint32_t row) noexcept {
  const std::size_t stride = weights->output_layer().padded_rows();
  const ModelConfig& c = weights->config;
  const std::uint32_t last = std::min(row + members(), static_cast<std::uint32_t>(rows.size()));
  each_row(row, last, [&](std::uint32_t r) {
    if (rows[r].total != 0) return;
    float* const z = logits.data() + r * stride;
    if (c.traits.output_cap != 0) kernels->soft_cap(z, static_cast<std::int32_t>(stride), c.traits.output_cap);
    rows[r].total = kernels->frequencies(z, static_cast<std::int32_t>(c.vocabulary), freqs.data() + r * stride);
  });
}

}  // namespace koan
